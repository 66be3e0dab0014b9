/**
 * The profile containers get unless told otherwise: Docker's semantics, with the families of socket(2) judged by the 32
 * bits that the kernel looks at.
 */
import { ORDINARY_SYSCALLS } from "./ordinary-syscalls.ts";
import type { Argument, Condition, Profile, Rule } from "./profile.ts";

const EPERM = 1;
const ENOSYS = 38;

const allow = (names: readonly string[], includes: Condition = {}): Rule => ({
  names,
  action: "SCMP_ACT_ALLOW",
  includes,
});

const allowWhen = (name: string, argument: Argument, conditions: Pick<Rule, "includes" | "excludes"> = {}): Rule => ({
  names: [name],
  action: "SCMP_ACT_ALLOW",
  args: [argument],
  ...conditions,
});

/**
 * Every family but AF_ALG (38) and AF_VSOCK (40), as [mask, rest] over the low 32 bits. The kernel cuts the argument to an
 * int, so a comparison of all 64 bits, as in "greater than 40", lets 2^32 + 38 through; and two "not equal" rules
 * would be OR-ed, which allows everything.
 */
const SOCKET_FAMILIES: readonly (readonly [mask: number, rest: number])[] = [
  [0xffffffe0, 0], // 0 – 31
  [0xfffffffc, 32], // 32 – 35
  [0xfffffffe, 36], // 36, 37
  [0xffffffff, 39],
  [0xffffffff, 41],
  [0xfffffffe, 42], // 42, 43
  [0xfffffffc, 44], // 44 – 47
  [0xfffffff0, 48], // 48 – 63
];

/** PER_LINUX, PER_LINUX32, each with UNAME26, and the question for the present one. */
const PERSONALITIES = [0x0, 0x0008, 0x20000, 0x20008, 0xffffffff];

/** clone(2) flags that make namespaces. */
const NAMESPACE_FLAGS = 0x7e020000;
const S390 = ["s390", "s390x"];
const cloneWithoutNamespaces = (index: number): Argument => ({
  index,
  value: NAMESPACE_FLAGS,
  valueTwo: 0,
  op: "SCMP_CMP_MASKED_EQ",
});

/** Calls that one capability opens. */
const BY_CAPABILITY: Readonly<Record<string, string>> = {
  CAP_SYS_ADMIN: `bpf clone clone3 fanotify_init fsconfig fsmount fsopen fspick lookup_dcookie lsm_get_self_attr lsm_list_modules
    lsm_set_self_attr mount mount_setattr move_mount open_tree perf_event_open quotactl quotactl_fd setdomainname sethostname setns
    syslog umount umount2 unshare`,
  CAP_DAC_READ_SEARCH: "open_by_handle_at",
  CAP_SYS_BOOT: "reboot",
  CAP_SYS_CHROOT: "chroot",
  CAP_SYS_MODULE: "delete_module init_module finit_module",
  CAP_SYS_PACCT: "acct",
  CAP_SYS_PTRACE: "kcmp pidfd_getfd process_madvise process_vm_readv process_vm_writev ptrace",
  CAP_SYS_RAWIO: "iopl ioperm",
  CAP_SYS_TIME: "settimeofday stime clock_settime clock_settime64",
  CAP_SYS_TTY_CONFIG: "vhangup",
  CAP_SYS_NICE: "get_mempolicy mbind set_mempolicy set_mempolicy_home_node",
  CAP_SYSLOG: "syslog",
  CAP_BPF: "bpf",
  CAP_PERFMON: "perf_event_open",
};

/** Calls that exist on some architectures only. */
const BY_ARCHITECTURE: readonly (readonly [arches: readonly string[], names: string])[] = [
  [["amd64", "x32"], "arch_prctl"],
  [["amd64", "x32", "x86"], "modify_ldt"],
  [["arm", "arm64"], "arm_fadvise64_64 arm_sync_file_range sync_file_range2 breakpoint cacheflush set_tls"],
  [["ppc64le"], "sync_file_range2 swapcontext"],
  [S390, "s390_pci_mmio_read s390_pci_mmio_write s390_runtime_instr"],
  [["riscv64"], "riscv_flush_icache"],
];

const rules: readonly Rule[] = [
  allow(ORDINARY_SYSCALLS),
  // Before 4.8, ptrace(2) could get around a filter.
  allow(["process_vm_readv", "process_vm_writev", "ptrace"], { minKernel: "4.8" }),
  ...SOCKET_FAMILIES.map(([mask, rest]) =>
    allowWhen("socket", { index: 0, value: mask, valueTwo: rest, op: "SCMP_CMP_MASKED_EQ" }),
  ),
  ...PERSONALITIES.map((value) => allowWhen("personality", { index: 0, value, op: "SCMP_CMP_EQ" })),
  ...BY_ARCHITECTURE.map(([arches, names]) => allow(names.split(" "), { arches })),
  ...Object.entries(BY_CAPABILITY).map(([cap, names]) => allow(names.split(/\s+/), { caps: [cap] })),
  allowWhen("clone", cloneWithoutNamespaces(0), { excludes: { caps: ["CAP_SYS_ADMIN"], arches: S390 } }),
  // On s390 the flags are the second argument.
  allowWhen("clone", cloneWithoutNamespaces(1), { includes: { arches: S390 }, excludes: { caps: ["CAP_SYS_ADMIN"] } }),
  // Its flags lie behind a pointer, where no filter sees them: libraries fall back to clone(2) on ENOSYS.
  { names: ["clone3"], action: "SCMP_ACT_ERRNO", errnoRet: ENOSYS, excludes: { caps: ["CAP_SYS_ADMIN"] } },
];

export const DEFAULT_PROFILE: Profile = {
  defaultAction: "SCMP_ACT_ERRNO",
  defaultErrnoRet: EPERM,
  archMap: [
    { architecture: "SCMP_ARCH_X86_64", subArchitectures: ["SCMP_ARCH_X86", "SCMP_ARCH_X32"] },
    { architecture: "SCMP_ARCH_AARCH64", subArchitectures: ["SCMP_ARCH_ARM"] },
    { architecture: "SCMP_ARCH_RISCV64", subArchitectures: [] },
  ],
  rules,
};
