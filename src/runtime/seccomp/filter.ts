/**
 * From a resolved profile to the BPF program: libseccomp's, behind a short prologue of our own for the calls that are newer
 * than the library and for those newer than the profile.
 */
import { compileFilter, type FilterArgument, type FilterRule } from "../../kernel/seccomp.ts";
import type { Action, Argument, Operator, ResolvedRule, ResolvedSeccomp } from "./profile.ts";
import { withPrologue } from "./prologue.ts";

const ACTION: Readonly<Record<Action, number>> = {
  SCMP_ACT_KILL: 0,
  SCMP_ACT_KILL_THREAD: 0,
  SCMP_ACT_TRAP: 0x00030000,
  SCMP_ACT_ERRNO: 0x00050000,
  SCMP_ACT_TRACE: 0x7ff00000,
  SCMP_ACT_LOG: 0x7ffc0000,
  SCMP_ACT_ALLOW: 0x7fff0000,
  SCMP_ACT_KILL_PROCESS: 0x80000000,
};
const COMPARE: Readonly<Record<Operator, number>> = {
  SCMP_CMP_NE: 1,
  SCMP_CMP_LT: 2,
  SCMP_CMP_LE: 3,
  SCMP_CMP_EQ: 4,
  SCMP_CMP_GE: 5,
  SCMP_CMP_GT: 6,
  SCMP_CMP_MASKED_EQ: 7,
};
const EPERM = 1;

/** Throws SysError for a rule that libseccomp refuses, and an Error when it is missing. */
export function compileSeccomp(seccomp: ResolvedSeccomp): Uint8Array {
  const defaultAction = actionNumber(seccomp.defaultAction, seccomp.defaultErrnoRet);
  const rules = seccomp.syscalls.flatMap(toFilterRules).filter(({ action }) => action !== defaultAction);
  const { program, unknown } = compileFilter({
    defaultAction,
    architectures: seccomp.architectures.map((name) => name.replace(/^SCMP_ARCH_/, "").toLowerCase()),
    rules,
  });
  return withPrologue(program, seccomp, new Set(unknown));
}

function actionNumber(action: Action, errno = EPERM): number {
  const takesErrno = action === "SCMP_ACT_ERRNO" || action === "SCMP_ACT_TRACE";
  return ACTION[action] + (takesErrno ? errno : 0);
}

function toFilterRules({ names, action, errnoRet, args = [] }: ResolvedRule): FilterRule[] {
  const number = actionNumber(action, errnoRet);
  return names.flatMap((syscall) =>
    conjunctions(args).map((conditions) => ({ syscall, action: number, args: conditions.map(toFilterArgument) })),
  );
}

/** All arguments must match, unless one is named twice: then, as in runc, any one of them suffices. */
function conjunctions(args: readonly Argument[]): (readonly Argument[])[] {
  const isRepeated = new Set(args.map(({ index }) => index)).size < args.length;
  return isRepeated ? args.map((argument) => [argument]) : [args];
}

function toFilterArgument({ index, value, valueTwo = 0, op }: Argument): FilterArgument {
  return { index, compare: COMPARE[op], first: BigInt(value), second: BigInt(valueTwo) };
}
