#!/bin/sh
# Builds the native programs: `build.sh` the static releases build/tare-monitor, build/tare-resolver, build/tare-relay and
# build/tare-init, the init of `run --init`, and the library build/tare-console-size, which is preloaded; `build.sh asan` and `build.sh valgrind` the test builds of the first three beside them. Does
# nothing when a program is newer than its sources.
set -eu
cd "$(dirname "$0")"
kind=${1:-release}
warn="-std=c17 -D_GNU_SOURCE -Wall -Wextra -Wshadow -Werror"
case $kind in
  release) out=build flags="-O2 -static -s" ;;
  asan) out=build/asan flags="-O1 -g -fsanitize=address,undefined -fno-sanitize-recover=all" ;;
  valgrind) out=build/valgrind flags="-O1 -g" ;;
  *) echo "usage: build.sh [release|asan|valgrind]" >&2; exit 2 ;;
esac
# build NAME DIRECTORY SOURCE...: of the directory's files, and of those named beside. Built beside and renamed, so that programs that
# run keep their file.
build() {
  program=$out/$1 sources=$2
  shift 2
  if [ -x "$program" ] && [ -z "$(find "$sources"/*.[ch] service/*.[ch] base.[ch] build.sh -newer "$program")" ]; then return; fi
  mkdir -p "$out"
  gcc $warn $flags -o "$program.$$" "$sources"/*.c "$@"
  mv "$program.$$" "$program"
}
build tare-monitor .
build tare-resolver resolver base.c service/*.c
build tare-relay relay base.c service/*.c
if [ "$kind" = release ]; then
  build tare-init init
  flags="-O2 -shared -fPIC -s"
  build tare-console-size console
fi
