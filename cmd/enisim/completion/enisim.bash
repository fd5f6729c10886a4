# Completion of enisim for bash, as enisim completion bash prints it.
_enisim() {
  local words line candidate path last tail=${COMP_WORDS[COMP_CWORD]}
  COMPREPLY=()
  # The words of the line up to the cursor. COMP_WORDS would divide --flag=value and host:port.
  line=${COMP_LINE:0:COMP_POINT}
  read -ra words <<<"$line"
  [[ $line == *[[:space:]] ]] && words+=("")
  last=${words[${#words[@]} - 1]}
  [[ $tail == [=:] ]] && tail=
  while IFS= read -r line; do
    candidate=${line%%$'\t'*}
    case $line in
    :file | :dir)
      [[ $last == --*=* ]] && last=${last#*=}
      while IFS= read -r path; do
        [[ -d $path ]] && path+=/ && compopt -o nospace
        COMPREPLY+=("$path")
      done < <(compgen "$([[ $line == :dir ]] && echo -d || echo -f)" -- "$last")
      ;;
    *) COMPREPLY+=("${candidate#"${last%"$tail"}"}") ;; # bash replaces only what follows = or :
    esac
  done < <("${words[0]}" __complete "${words[@]:1}" 2>/dev/null)
}
complete -F _enisim enisim
