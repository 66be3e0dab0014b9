/** Seccomp profiles: Docker's profile (rules with conditions) and what is left of it for one container (the OCI form). Pure. */

export type Action =
  | "SCMP_ACT_ALLOW"
  | "SCMP_ACT_ERRNO"
  | "SCMP_ACT_KILL"
  | "SCMP_ACT_KILL_THREAD"
  | "SCMP_ACT_KILL_PROCESS"
  | "SCMP_ACT_TRAP"
  | "SCMP_ACT_TRACE"
  | "SCMP_ACT_LOG";

export type Operator =
  | "SCMP_CMP_NE"
  | "SCMP_CMP_LT"
  | "SCMP_CMP_LE"
  | "SCMP_CMP_EQ"
  | "SCMP_CMP_GE"
  | "SCMP_CMP_GT"
  | "SCMP_CMP_MASKED_EQ";

/** `value` is the mask of a masked comparison and `valueTwo` what must remain; both up to 64 bits. */
export interface Argument {
  readonly index: number;
  readonly value: number;
  readonly valueTwo?: number;
  readonly op: Operator;
}

/** One rule as a runtime takes it. */
export interface ResolvedRule {
  readonly names: readonly string[];
  readonly action: Action;
  readonly errnoRet?: number;
  readonly args?: readonly Argument[];
}

/** linux.seccomp of the OCI specification. */
export interface ResolvedSeccomp {
  readonly defaultAction: Action;
  readonly defaultErrnoRet?: number;
  readonly architectures: readonly string[];
  readonly flags?: readonly string[];
  readonly syscalls: readonly ResolvedRule[];
}

/** What must be so for a rule to count: every one of `caps`, one of `arches` (Go's names), a kernel at least this new. */
export interface Condition {
  readonly caps?: readonly string[];
  readonly arches?: readonly string[];
  readonly minKernel?: string;
}

export interface Rule extends ResolvedRule {
  readonly includes?: Condition;
  /** The rule is dropped when any one of these holds. */
  readonly excludes?: Condition;
}

export interface Profile {
  readonly defaultAction: Action;
  readonly defaultErrnoRet?: number;
  /** libseccomp's architecture and those whose calls it also makes; undefined is what Docker's profile has for it. */
  readonly architectures?: readonly string[];
  readonly archMap?: readonly { readonly architecture: string; readonly subArchitectures: readonly string[] }[];
  readonly flags?: readonly string[];
  readonly rules: readonly Rule[];
}

/** Where a filter is to run. */
export interface SeccompTarget {
  /** The bounding set. */
  readonly capabilities: readonly string[];
  /** Go's name of the machine: amd64, arm64, riscv64 … */
  readonly arch: string;
  readonly kernel: readonly [major: number, minor: number];
}

const NATIVE: Readonly<Record<string, string>> = {
  amd64: "SCMP_ARCH_X86_64",
  arm64: "SCMP_ARCH_AARCH64",
  riscv64: "SCMP_ARCH_RISCV64",
};

/** Drops the conditions by deciding them. The decisions are moby's (profiles/seccomp/seccomp_linux.go, setupSeccomp). */
export function resolveProfile(profile: Profile, target: SeccompTarget): ResolvedSeccomp {
  const syscalls = profile.rules.filter((rule) => applies(rule, target)).map(withoutConditions);
  return {
    defaultAction: profile.defaultAction,
    ...(profile.defaultErrnoRet === undefined ? {} : { defaultErrnoRet: profile.defaultErrnoRet }),
    architectures: architectures(profile, target.arch),
    ...(profile.flags === undefined ? {} : { flags: profile.flags }),
    syscalls,
  };
}

const withoutConditions = ({ names, action, errnoRet, args }: Rule): ResolvedRule => ({
  names,
  action,
  ...(errnoRet === undefined ? {} : { errnoRet }),
  ...(args === undefined ? {} : { args }),
});

function architectures({ architectures: listed = [], archMap = [] }: Profile, arch: string): readonly string[] {
  const native = NATIVE[arch];
  const mapped = archMap.find(({ architecture }) => architecture === native);
  if (mapped !== undefined) return [mapped.architecture, ...mapped.subArchitectures];
  return listed.length > 0 || native === undefined ? listed : [native];
}

function applies({ includes = {}, excludes = {} }: Rule, target: SeccompTarget): boolean {
  if (excludes.arches?.includes(target.arch)) return false;
  if (excludes.caps?.some((cap) => target.capabilities.includes(cap))) return false;
  if (excludes.minKernel !== undefined && isAtLeast(target.kernel, excludes.minKernel)) return false;
  if ((includes.arches ?? []).length > 0 && !includes.arches?.includes(target.arch)) return false;
  if (!(includes.caps ?? []).every((cap) => target.capabilities.includes(cap))) return false;
  return includes.minKernel === undefined || isAtLeast(target.kernel, includes.minKernel);
}

function isAtLeast([major, minor]: readonly [number, number], version: string): boolean {
  const [wantedMajor = 0, wantedMinor = 0] = version.split(".").map(Number);
  return major > wantedMajor || (major === wantedMajor && minor >= wantedMinor);
}
