# Commands that speak to a package registry may wait for ever: npm was seen to, for a download that stalled half way.
# Sourced.

# tries TIMES SECONDS COMMAND...: runs the command until it succeeds, at most TIMES times, each ended after SECONDS.
# Returns what the last of them did; 124 and 137 stand for one that was ended.
tries() {
  times=$1
  seconds=$2
  shift 2
  while :; do
    result=0
    bounded "$seconds" "$@" || result=$?
    times=$((times - 1))
    if [ "$result" = 0 ] || [ "$times" = 0 ]; then return "$result"; fi
    case "$result" in
      124 | 137) echo "tare: $1 did not end in $seconds s: trying again" >&2 ;;
      *) echo "tare: $1 failed ($result): trying again" >&2 ;;
    esac
  done
}

# In the foreground, Ctrl-C reaches the command; busybox's timeout has no other way.
bounded() { # seconds command...
  if timeout --foreground 1 true 2>/dev/null; then
    timeout --foreground -k 10 "$@"
  elif timeout 1 true 2>/dev/null; then
    timeout -k 10 "$@"
  else
    shift
    "$@"
  fi
}
