/**
 * Classic BPF put before libseccomp's program. System calls from number 424 on have one number on all architectures, so it
 * can allow by number what the profile names and an old library does not know, and answer ENOSYS to what is newer than
 * the profile, so that C libraries fall back instead of failing with EPERM (as runc does).
 */
import type { ResolvedRule, ResolvedSeccomp } from "./profile.ts";

/** Numbers of the calls added since Linux 5.17, the last that libseccomp 2.5.4 knows, and a few before, for the newest of a profile. */
const NUMBERS: Readonly<Record<string, number>> = {
  pidfd_send_signal: 424,
  open_tree: 428,
  pidfd_open: 434,
  clone3: 435,
  close_range: 436,
  openat2: 437,
  pidfd_getfd: 438,
  faccessat2: 439,
  process_madvise: 440,
  epoll_pwait2: 441,
  mount_setattr: 442,
  quotactl_fd: 443,
  landlock_create_ruleset: 444,
  landlock_add_rule: 445,
  landlock_restrict_self: 446,
  memfd_secret: 447,
  process_mrelease: 448,
  futex_waitv: 449,
  set_mempolicy_home_node: 450,
  cachestat: 451,
  fchmodat2: 452,
  map_shadow_stack: 453,
  futex_wake: 454,
  futex_wait: 455,
  futex_requeue: 456,
  statmount: 457,
  listmount: 458,
  lsm_get_self_attr: 459,
  lsm_set_self_attr: 460,
  lsm_list_modules: 461,
  mseal: 462,
  setxattrat: 463,
  getxattrat: 464,
  listxattrat: 465,
  removexattrat: 466,
  open_tree_attr: 467,
  file_getattr: 468,
  file_setattr: 469,
};

/** AUDIT_ARCH_* of the architectures whose tables are unified from 424 on; x32 shares x86_64's value and sets bit 30. */
const AUDIT_ARCH: Readonly<Record<string, number>> = {
  SCMP_ARCH_X86_64: 0xc000003e,
  SCMP_ARCH_X86: 0x40000003,
  SCMP_ARCH_AARCH64: 0xc00000b7,
  SCMP_ARCH_ARM: 0x40000028,
  SCMP_ARCH_RISCV64: 0xc00000f3,
};
const X32_BIT = 0x40000000;

const LOAD = 0x20;
const JUMP = 0x05;
const JUMP_EQUAL = 0x15;
const JUMP_GREATER = 0x25;
const JUMP_GREATER_EQUAL = 0x35;
const RETURN = 0x06;
const AT_NUMBER = 0;
const AT_ARCH = 4;
const RETURN_ALLOW = 0x7fff0000;
const RETURN_ENOSYS = 0x00050000 + 38;
const INSTRUCTION_BYTES = 8;

interface Instruction {
  readonly code: number;
  readonly k: number;
  /** How many instructions to skip when the comparison holds, and when not. */
  readonly hit?: number;
  readonly miss?: number;
}

/** `unknown` are the names that the program lacks. A profile that does not refuse by errno is left alone. */
export function withPrologue(program: Uint8Array, seccomp: ResolvedSeccomp, unknown: ReadonlySet<string>): Uint8Array {
  if (seccomp.defaultAction !== "SCMP_ACT_ERRNO") return program;
  const named = seccomp.syscalls.flatMap(({ names }) => names).flatMap((name) => NUMBERS[name] ?? []);
  if (named.length === 0) return program;
  const isPlainAllow = ({ action, args = [] }: ResolvedRule): boolean =>
    action === "SCMP_ACT_ALLOW" && args.length === 0;
  const missing = seccomp.syscalls
    .filter(isPlainAllow)
    .flatMap(({ names }) => names.filter((name) => unknown.has(name)));
  const allowed = [...new Set(missing)].flatMap((name) => NUMBERS[name] ?? []);
  const arches = seccomp.architectures.flatMap((name) => AUDIT_ARCH[name] ?? []);
  return Buffer.concat([...prologue(arches, allowed, Math.max(...named)).map(encode), program]);
}

function prologue(arches: readonly number[], allowed: readonly number[], newest: number): Instruction[] {
  const judge: Instruction[] = [
    { code: LOAD, k: AT_NUMBER },
    { code: JUMP_GREATER_EQUAL, k: X32_BIT, hit: allowed.length + 1 },
    ...allowed.map((number, position) => ({ code: JUMP_EQUAL, k: number, hit: allowed.length + 1 - position })),
    { code: JUMP_GREATER, k: newest, hit: 2 },
    { code: JUMP, k: 2 },
    { code: RETURN, k: RETURN_ALLOW },
    { code: RETURN, k: RETURN_ENOSYS },
  ];
  return [
    { code: LOAD, k: AT_ARCH },
    ...arches.map((arch, position) => ({ code: JUMP_EQUAL, k: arch, hit: arches.length - position })),
    { code: JUMP, k: judge.length },
    ...judge,
  ];
}

function encode({ code, k, hit = 0, miss = 0 }: Instruction): Buffer {
  const bytes = Buffer.alloc(INSTRUCTION_BYTES);
  bytes.writeUInt16LE(code, 0);
  bytes.writeUInt8(hit, 2);
  bytes.writeUInt8(miss, 3);
  bytes.writeUInt32LE(k, 4);
  return bytes;
}
