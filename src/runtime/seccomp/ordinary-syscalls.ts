/** The system calls that every container may make whatever their arguments, grouped by what they are for. */

/** Words of a text. */
const words = (text: string): readonly string[] => text.trim().split(/\s+/);

/** Opening, reading, writing and naming files. */
const files = words(`
access faccessat faccessat2 open openat openat2 creat close close_range read readv pread64 preadv preadv2 write writev pwrite64 pwritev pwritev2
lseek _llseek readahead fadvise64 fadvise64_64 fallocate truncate truncate64 ftruncate ftruncate64 copy_file_range sendfile sendfile64 splice tee
vmsplice fsync fdatasync sync syncfs sync_file_range flock fcntl fcntl64 ioctl dup dup2 dup3 pipe pipe2 link linkat symlink symlinkat readlink
readlinkat rename renameat renameat2 unlink unlinkat mkdir mkdirat rmdir mknod mknodat getdents getdents64 chdir fchdir getcwd umask
name_to_handle_at
`);

/** Metadata, owners, extended attributes and file system facts. */
const attributes = words(`
stat stat64 fstat fstat64 lstat lstat64 newfstatat fstatat64 statx statfs statfs64 fstatfs fstatfs64 statmount listmount chmod fchmod fchmodat
fchmodat2 chown chown32 fchown fchown32 fchownat lchown lchown32 utime utimes utimensat utimensat_time64 futimesat getxattr getxattrat fgetxattr
lgetxattr setxattr setxattrat fsetxattr lsetxattr listxattr listxattrat flistxattr llistxattr removexattr removexattrat fremovexattr lremovexattr
`);

/** Waiting for descriptors, and notification. */
const events = words(`
select _newselect pselect6 pselect6_time64 poll ppoll ppoll_time64 epoll_create epoll_create1 epoll_ctl epoll_ctl_old epoll_wait epoll_wait_old
epoll_pwait epoll_pwait2 eventfd eventfd2 signalfd signalfd4 timerfd_create timerfd_gettime timerfd_gettime64 timerfd_settime timerfd_settime64
inotify_init inotify_init1 inotify_add_watch inotify_rm_watch fanotify_mark io_setup io_destroy io_submit io_cancel io_getevents io_pgetevents
io_pgetevents_time64
`);

/** Address space. */
const memory = words(`
brk mmap mmap2 munmap mremap mprotect madvise mincore msync mlock mlock2 mlockall munlock munlockall mseal remap_file_pages membarrier
memfd_create memfd_secret map_shadow_stack cachestat pkey_alloc pkey_free pkey_mprotect
`);

/** Life, groups and limits of processes. */
const processes = words(`
fork vfork execve execveat exit exit_group wait4 waitid waitpid getpid getppid gettid getpgid setpgid getpgrp getsid setsid getpriority
setpriority ioprio_get ioprio_set getrlimit setrlimit ugetrlimit prlimit64 getrusage times getcpu prctl pidfd_open pidfd_send_signal
process_mrelease set_tid_address set_thread_area get_thread_area set_robust_list get_robust_list rseq restart_syscall uname sysinfo riscv_hwprobe
uretprobe
`);

/** Users, groups and capabilities. */
const identity = words(`
getuid getuid32 geteuid geteuid32 getgid getgid32 getegid getegid32 getresuid getresuid32 getresgid getresgid32 getgroups getgroups32 setuid
setuid32 setgid setgid32 setreuid setreuid32 setregid setregid32 setresuid setresuid32 setresgid setresgid32 setfsuid setfsuid32 setfsgid
setfsgid32 setgroups setgroups32 capget capset
`);

/** Signals. */
const signals = words(`
kill tkill tgkill pause sigaltstack sigprocmask sigreturn rt_sigaction rt_sigpending rt_sigprocmask rt_sigqueueinfo rt_sigreturn rt_sigsuspend
rt_sigtimedwait rt_sigtimedwait_time64 rt_tgsigqueueinfo
`);

/** Time, timers and sleeping. */
const clocks = words(`
time gettimeofday clock_gettime clock_gettime64 clock_getres clock_getres_time64 clock_nanosleep clock_nanosleep_time64 nanosleep alarm
getitimer setitimer timer_create timer_delete timer_getoverrun timer_gettime timer_gettime64 timer_settime timer_settime64 adjtimex
clock_adjtime clock_adjtime64
`);

/** The scheduler and futexes. */
const scheduling = words(`
sched_getaffinity sched_setaffinity sched_getattr sched_setattr sched_getparam sched_setparam sched_getscheduler sched_setscheduler
sched_get_priority_max sched_get_priority_min sched_rr_get_interval sched_rr_get_interval_time64 sched_yield futex futex_time64 futex_wait
futex_waitv futex_wake futex_requeue
`);

/** Sockets, but for socket(2) itself, whose families are judged one by one. */
const sockets = words(`
socketpair socketcall bind listen accept accept4 connect shutdown getsockname getpeername getsockopt setsockopt send sendto sendmsg sendmmsg
recv recvfrom recvmsg recvmmsg recvmmsg_time64
`);

/** System V and POSIX communication. */
const ipc = words(`
ipc msgctl msgget msgrcv msgsnd semctl semget semop semtimedop semtimedop_time64 shmat shmctl shmdt shmget mq_open mq_unlink mq_notify
mq_getsetattr mq_timedreceive mq_timedreceive_time64 mq_timedsend mq_timedsend_time64
`);

/** What a process may use to confine itself. */
const confinement = words(`
seccomp landlock_create_ruleset landlock_add_rule landlock_restrict_self getrandom
`);

export const ORDINARY_SYSCALLS: readonly string[] = [
  ...files,
  ...attributes,
  ...events,
  ...memory,
  ...processes,
  ...identity,
  ...signals,
  ...clocks,
  ...scheduling,
  ...sockets,
  ...ipc,
  ...confinement,
];
