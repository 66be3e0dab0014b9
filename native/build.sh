#!/bin/sh
# Builds the monitor: `build.sh` the static release in build/tare-monitor, with the init of `run --init` as build/tare-init;
# `build.sh asan` and `build.sh valgrind` the monitor's test builds beside it. Does nothing when a program is newer than its sources.
set -eu
cd "$(dirname "$0")"
kind=${1:-release}
warn="-std=c17 -D_GNU_SOURCE -Wall -Wextra -Wshadow -Werror"
case $kind in
  release) out=build/tare-monitor flags="-O2 -static -s" ;;
  asan) out=build/asan/tare-monitor flags="-O1 -g -fsanitize=address,undefined -fno-sanitize-recover=all" ;;
  valgrind) out=build/valgrind/tare-monitor flags="-O1 -g" ;;
  *) echo "usage: build.sh [release|asan|valgrind]" >&2; exit 2 ;;
esac
# build OUT DIRECTORY: built beside and renamed, so that programs that run keep their file.
build() {
  if [ -x "$1" ] && [ -z "$(find "$2"/*.[ch] build.sh -newer "$1")" ]; then return; fi
  mkdir -p "$(dirname "$1")"
  gcc $warn $flags -o "$1.$$" "$2"/*.c
  mv "$1.$$" "$1"
}
build "$out" .
if [ "$kind" = release ]; then build build/tare-init init; fi
