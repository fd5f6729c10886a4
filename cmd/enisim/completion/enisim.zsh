#compdef enisim
# Completion of enisim for zsh, as enisim completion zsh prints it.
_enisim() {
  local line
  local -a candidates
  for line in "${(@f)$("${(Q)words[1]}" __complete "${(@Q)words[2,CURRENT]}" 2>/dev/null)}"; do
    case $line in
    :file) compset -P '--*='; _files ;;
    :dir) compset -P '--*='; _files -/ ;;
    ?*) candidates+=("${${line%%$'\t'*}//:/\\:}:${line#*$'\t'}") ;;
    esac
  done
  (($#candidates)) && _describe enisim candidates
}
if [ "$funcstack[1]" = _enisim ]; then
  _enisim "$@"
else
  compdef _enisim enisim
fi
