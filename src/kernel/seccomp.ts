/** libseccomp: rules become the BPF program that seccomp(2) takes. Needs libseccomp.so.2 (2.5 or newer); binds it at the first use. */

import { dlopen } from "bun:ffi";
import { closeSync, readFileSync } from "node:fs";
import { SysError } from "./errno.ts";
import { check, cstr, libc } from "./ffi.ts";

export interface FilterArgument {
  readonly index: number;
  /** enum scmp_compare: NE is 1, then LT, LE, EQ, GE, GT, MASKED_EQ. */
  readonly compare: number;
  readonly first: bigint;
  readonly second: bigint;
}

export interface FilterRule {
  readonly syscall: string;
  /** SCMP_ACT_* with its value in the low 16 bits. */
  readonly action: number;
  /** All must hold. */
  readonly args: readonly FilterArgument[];
}

export interface FilterRequest {
  readonly defaultAction: number;
  /** libseccomp's names without prefix, such as "x86_64"; the machine's own is always in. */
  readonly architectures: readonly string[];
  readonly rules: readonly FilterRule[];
}

export interface Filter {
  /** struct sock_filter after another. */
  readonly program: Uint8Array;
  /** Names that this libseccomp does not know; their rules are not in the program. */
  readonly unknown: readonly string[];
}

const EEXIST = 17;
const NR_ERROR = -1;
const ATTRIBUTE_OPTIMIZE = 8;
const OPTIMIZE_BINARY_TREE = 2;
/** struct scmp_arg_cmp: two 32-bit words, then two of 64 bits. */
const ARGUMENT_BYTES = 24;

type Seccomp = ReturnType<typeof bind>;

/** A handle of type scmp_filter_ctx travels as a number. */
let bound: Seccomp | undefined;

function bind() {
  return dlopen("libseccomp.so.2", {
    seccomp_init: { args: ["u32"], returns: "u64" },
    seccomp_release: { args: ["u64"], returns: "void" },
    seccomp_attr_set: { args: ["u64", "i32", "u32"], returns: "i32" },
    seccomp_arch_resolve_name: { args: ["ptr"], returns: "u32" },
    seccomp_arch_add: { args: ["u64", "u32"], returns: "i32" },
    seccomp_syscall_resolve_name: { args: ["ptr"], returns: "i32" },
    seccomp_rule_add_array: { args: ["u64", "u32", "i32", "u32", "ptr"], returns: "i32" },
    seccomp_export_bpf: { args: ["u64", "i32"], returns: "i32" },
  }).symbols;
}

const memory = libc({ memfd_create: { args: ["ptr", "u32"], returns: "i32" } });

/** Throws the negative errno that libseccomp returns; `tolerated` is let pass. */
function succeed(call: string, subject: string, result: number, tolerated?: number): void {
  if (result < 0 && -result !== tolerated) throw new SysError(call, -result, subject);
}

/** Compiles in about 25 ms for Docker's default profile: cache what it gives. Throws an Error when the library is missing. */
export function compileFilter({ defaultAction, architectures, rules }: FilterRequest): Filter {
  bound ??= bind();
  const lib = bound;
  const context = lib.seccomp_init(defaultAction);
  if (context === 0n) throw new Error(`seccomp_init refuses the default action ${defaultAction}`);
  try {
    // Without it the program is a list that the kernel walks on every call; old libraries do not know the attribute.
    lib.seccomp_attr_set(context, ATTRIBUTE_OPTIMIZE, OPTIMIZE_BINARY_TREE);
    for (const name of architectures) {
      const token = lib.seccomp_arch_resolve_name(cstr(name));
      if (token !== 0) succeed("seccomp_arch_add", name, lib.seccomp_arch_add(context, token), EEXIST);
    }
    const unknown = rules.filter((rule) => !addRule(lib, context, rule)).map(({ syscall }) => syscall);
    return { program: exportProgram(lib, context), unknown };
  } finally {
    lib.seccomp_release(context);
  }
}

/** False when the library knows no such call. */
function addRule(lib: Seccomp, context: bigint, { syscall, action, args }: FilterRule): boolean {
  const number = lib.seccomp_syscall_resolve_name(cstr(syscall));
  if (number === NR_ERROR) return false;
  const result = lib.seccomp_rule_add_array(context, action, number, args.length, encodeArguments(args));
  succeed("seccomp_rule_add", syscall, result, EEXIST);
  return true;
}

function encodeArguments(args: readonly FilterArgument[]): Buffer {
  // A zero-length buffer has no address that FFI could pass.
  const bytes = Buffer.alloc(Math.max(1, args.length) * ARGUMENT_BYTES);
  for (const [position, { index, compare, first, second }] of args.entries()) {
    const at = position * ARGUMENT_BYTES;
    bytes.writeUInt32LE(index, at);
    bytes.writeUInt32LE(compare, at + 4);
    bytes.writeBigUInt64LE(first, at + 8);
    bytes.writeBigUInt64LE(second, at + 16);
  }
  return bytes;
}

function exportProgram(lib: Seccomp, context: bigint): Uint8Array {
  const name = cstr("seccomp");
  const fd = check("memfd_create", "seccomp", () => memory().memfd_create(name, 1));
  try {
    succeed("seccomp_export_bpf", "program", lib.seccomp_export_bpf(context, fd));
    return readFileSync(`/proc/self/fd/${fd}`);
  } finally {
    closeSync(fd);
  }
}
