#!/bin/sh
# Builds the monitor: `build.sh` the static release in build/tare-monitor, `build.sh asan` and `build.sh valgrind` the test builds
# beside it. Does nothing when the program is newer than its sources.
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
if [ -x "$out" ] && [ -z "$(find ./*.c ./*.h build.sh -newer "$out")" ]; then exit 0; fi
mkdir -p "$(dirname "$out")"
# Built beside and renamed: monitors that run keep their file.
gcc $warn $flags -o "$out.$$" ./*.c
mv "$out.$$" "$out"
