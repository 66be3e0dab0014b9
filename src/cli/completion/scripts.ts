/** The completion scripts: each asks `tare __complete` what may follow, so that they never grow stale. */

export type Shell = "bash" | "zsh" | "fish";

/** By shell. Candidates come one a line, described after a tab; none means that a file name is wanted. */
export const SCRIPTS: Readonly<Record<Shell, string>> = {
  bash: `# bash completion for tare
_tare() {
  local line words=("\${COMP_WORDS[@]:1:COMP_CWORD}")
  COMPREPLY=()
  while IFS= read -r line; do
    line=\${line%%$'\\t'*}
    [[ $line == "\${COMP_WORDS[COMP_CWORD]}"* ]] && COMPREPLY+=("$line")
  done < <(tare __complete -- "\${words[@]}" 2>/dev/null)
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
