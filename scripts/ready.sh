# What a checkout needs before the engine can run, as questions that start no process. Sourced with $home set to the checkout.

# Not everybody's search path has the programs of administration.
PATH=$PATH:/usr/sbin:/sbin

has() { command -v "$1" >/dev/null 2>&1; }

has_library() {
  for file in /lib/*/"$1" /usr/lib/*/"$1" /lib/"$1" /usr/lib/"$1" /lib64/"$1" /usr/lib64/"$1"; do
    [ -e "$file" ] && return 0
  done
  return 1
}

packages_ready() {
  { has crun || has runc; } && has busybox && has_library libseccomp.so.2
}

modules_ready() {
  [ -x "$home/node_modules/.bin/bun" ] && [ ! "$home/package-lock.json" -nt "$home/node_modules/.package-lock.json" ]
}

is_built() { # program source...
  program=$1
  shift
  [ -x "$program" ] || return 1
  for source; do
    [ "$source" -nt "$program" ] && return 1
  done
  return 0
}

native_ready() {
  is_built "$home/native/build/tare-monitor" "$home"/native/*.[ch] "$home/native/build.sh" &&
    is_built "$home/native/build/tare-resolver" "$home"/native/resolver/*.[ch] "$home"/native/service/*.[ch] "$home"/native/base.[ch] "$home/native/build.sh" &&
    is_built "$home/native/build/tare-relay" "$home"/native/relay/*.[ch] "$home"/native/service/*.[ch] "$home"/native/base.[ch] "$home/native/build.sh" &&
    is_built "$home/native/build/tare-init" "$home"/native/init/*.[ch] "$home/native/build.sh" &&
    is_built "$home/native/build/tare-console-size" "$home"/native/console/*.[ch] "$home/native/build.sh"
}

# On hybrid cgroups crun refuses to run while the v2 tree owns hugetlb.
cgroups_ready() {
  [ -r /sys/fs/cgroup/unified/cgroup.controllers ] || return 0
  read -r controllers </sys/fs/cgroup/unified/cgroup.controllers
  case " $controllers " in *" hugetlb "*) return 1 ;; esac
  return 0
}

ready() { packages_ready && modules_ready && native_ready && cgroups_ready; }
