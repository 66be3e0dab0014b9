#!/bin/sh
# Makes this machine able to run the checkout: system packages, npm packages, the native programs, cgroups.
# Does only what is missing and says what it does, on standard error. `--test` adds what the tests need.
set -eu
home=$(cd "$(dirname "$0")/.." && pwd)
. "$home/scripts/ready.sh"
. "$home/scripts/tries.sh"

say() { echo "tare: $*" >&2; }
fail() { say "$*"; exit 1; }

install_packages() { # name...: as Debian calls them
  say "installing the packages $*"
  has apt-get || fail "this machine has no apt-get. Install by hand, then run this again:
  Fedora:  dnf install crun runc busybox gcc glibc-static libseccomp
  Alpine:  apk add crun runc busybox-static gcc musl-dev linux-headers libseccomp
  Arch:    pacman -S crun runc busybox gcc libseccomp"
  [ "$(id -u)" = 0 ] || fail "installing packages takes root: sudo apt-get install $*"
  tries 3 300 apt-get update -qq >/dev/null
  export DEBIAN_FRONTEND=noninteractive
  tries 3 600 apt-get install -qq -y --no-install-recommends "$@" >/dev/null
}

missing_packages() { # one name a line
  has crun || echo crun
  has runc || echo runc
  has busybox || echo busybox-static
  has_library libseccomp.so.2 || echo libseccomp2
  if ! native_ready; then
    has gcc || echo gcc
    has_library libc.a || echo libc6-dev
  fi
}

missing_test_packages() {
  has script || echo bsdutils
  has unshare || echo util-linux
  has ip || echo iproute2
  has nft || echo nftables
  has ps || echo procps
  has valgrind || echo valgrind
  has strace || echo strace
  has ping || echo iputils-ping
  has curl || echo curl
  has python3 || echo python3
  has bzip2 || echo bzip2
  has xz || echo xz-utils
  has zstd || echo zstd
  has skopeo || echo skopeo
  has docker-registry || echo docker-registry
  has openssl || echo openssl
}

install_modules() {
  has npm || fail "npm is missing. Install Node.js 18 or newer, which brings it."
  say "installing the npm packages"
  (cd "$home" && tries 3 300 npm ci --no-progress --loglevel=error >&2)
  # npm may hold back install scripts; Bun's puts its binary in place.
  "$home/node_modules/.bin/bun" --version >/dev/null 2>&1 || node "$home/node_modules/bun/install.js"
  touch "$home/node_modules/.package-lock.json"
}

build_native() {
  say "building the native programs"
  "$home/native/build.sh" >&2
}

mend_cgroups() {
  say "the cgroup v2 tree of this hybrid set-up owns the hugetlb controller, which crun refuses: mounting it as cgroup v1"
  [ "$(id -u)" = 0 ] || fail "mounting takes root: mount -t cgroup -o hugetlb cgroup /sys/fs/cgroup/hugetlb"
  mkdir -p /sys/fs/cgroup/hugetlb
  mount -t cgroup -o hugetlb cgroup /sys/fs/cgroup/hugetlb
}

# The daemon that Debian packages with the client is not wanted: only its client is taken out.
fetch_docker_client() {
  [ "$(id -u)" = 0 ] && has apt-get || fail "the tests drive the real docker client: install it (docker-cli)"
  say "fetching the docker client for the tests"
  tries 3 300 apt-get update -qq >/dev/null
  if apt-cache show docker-cli >/dev/null 2>&1; then package=docker-cli; else package=docker.io; fi
  work=$(mktemp -d)
  (cd "$work" && tries 3 300 apt-get download -qq "$package" >/dev/null && dpkg-deb -x ./*.deb . && install -m 755 usr/bin/docker /usr/local/bin/docker)
  rm -rf "$work"
}

[ "$(uname -s)" = Linux ] || fail "tare runs on Linux"
wanted_for_tests=${1:-}

exec 9<"$home/package.json"
if has flock; then flock 9; fi # two set-ups at once would trip over each other

names=$(missing_packages)
if [ "$wanted_for_tests" = --test ]; then names="$names $(missing_test_packages)"; fi
# shellcheck disable=SC2086 # one word a package
if [ -n "$(echo $names)" ]; then install_packages $names; fi
modules_ready || install_modules
native_ready || build_native
cgroups_ready || mend_cgroups
if [ "$wanted_for_tests" = --test ] && ! has docker; then fetch_docker_client; fi
