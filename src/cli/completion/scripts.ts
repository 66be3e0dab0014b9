/** The completion scripts: each asks `tare __complete` what may follow, so that they never grow stale. */

export type Shell = "bash" | "zsh" | "fish";

/** By shell. Candidates come one a line, described after a tab; none means that a file name is wanted. */
export const SCRIPTS: Readonly<Record<Shell, string>> = {
  // bash breaks words at colons, which image names have: the words are cut again, and answers lose what stands before the colon.
  bash: `# bash completion for tare
_tare() {
  local line=\${COMP_LINE:0:COMP_POINT} word last words
  read -ra words <<< "$line"
  [[ $line == *[[:space:]] ]] && words+=("")
  last=\${words[-1]}
  COMPREPLY=()
  while IFS= read -r word; do
    word=\${word%%$'\\t'*}
    COMPREPLY+=("\${word#"\${last%"\${last##*:}"}"}")
  done < <(tare __complete -- "\${words[@]:1}" 2>/dev/null)
}
complete -o default -F _tare tare
`,
  zsh: `#compdef tare
_tare() {
  local line
  local -a candidates
  while IFS= read -r line; do
    candidates+=("\${\${line%%$'\\t'*}//:/\\\\:}:\${line#*$'\\t'}")
  done < <(tare __complete -- "\${(@)words[2,CURRENT]}" 2>/dev/null)
  if (( \${#candidates} )); then
    _describe 'tare' candidates
  else
    _files
  fi
}
if [ "$funcstack[1]" = "_tare" ]; then
  _tare "$@"
else
  compdef _tare tare
fi
`,
  fish: `# fish completion for tare
function __tare_complete
  set -l words (commandline -opc)
  tare __complete -- $words[2..] (commandline -ct) 2>/dev/null
end
complete -c tare -e
complete -c tare -f -n 'test (count (__tare_complete)) -gt 0' -a '(__tare_complete)'
`,
};
