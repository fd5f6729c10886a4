# Completion of enisim for fish, as enisim completion fish prints it.
function __enisim_complete
    set -l words (commandline -opc)
    set -l current (commandline -ct)
    set -l flag (string match -r '^--[^=]*=' -- "$current"; or echo) # of --flag=value
    set -l value (string replace -- "$flag" '' "$current")
    for line in (command $words[1] __complete $words[2..-1] "$current" 2>/dev/null)
        switch $line
            case ':file'
                printf '%s\n' "$flag"(__fish_complete_path "$value")
            case ':dir'
                printf '%s\n' "$flag"(__fish_complete_directories "$value")
            case '*'
                echo $line
        end
    end
end
complete -c enisim -f -a '(__enisim_complete)'
