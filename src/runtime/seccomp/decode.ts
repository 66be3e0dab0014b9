/** Decodes the profile that `--security-opt seccomp=<JSON>` brings: Docker's format, of which OCI's linux.seccomp is a part. */
import { invalidParameter } from "../../base/errors.ts";
import type { Action, Argument, Condition, Operator, Profile, Rule } from "./profile.ts";

const ACTIONS: Readonly<Record<string, Action>> = Object.fromEntries(
  (
    [
      "SCMP_ACT_ALLOW",
      "SCMP_ACT_ERRNO",
      "SCMP_ACT_KILL",
      "SCMP_ACT_KILL_THREAD",
      "SCMP_ACT_KILL_PROCESS",
      "SCMP_ACT_TRAP",
      "SCMP_ACT_TRACE",
      "SCMP_ACT_LOG",
    ] as const
  ).map((action) => [action, action]),
);
const OPERATORS: Readonly<Record<string, Operator>> = Object.fromEntries(
  (
    [
      "SCMP_CMP_NE",
      "SCMP_CMP_LT",
      "SCMP_CMP_LE",
      "SCMP_CMP_EQ",
      "SCMP_CMP_GE",
      "SCMP_CMP_GT",
      "SCMP_CMP_MASKED_EQ",
    ] as const
  ).map((operator) => [operator, operator]),
);
const LAST_ARGUMENT = 5;
const LAST_ERRNO = 4095;

type Fields = Readonly<Record<string, unknown>>;

const refusal = (why: string): Error => invalidParameter(`Decoding seccomp profile failed: ${why}`);

/** Throws invalidParameter("Decoding seccomp profile failed: …"). An empty object is a profile that allows everything. */
export function decodeProfile(text: string): Profile {
  const fields = toFields(parse(text), "the profile");
  if (Object.keys(fields).length === 0) return { defaultAction: "SCMP_ACT_ALLOW", rules: [] };
  const archMap = optional(fields.archMap, (value) => list(value, "archMap").map(decodeArchMapEntry));
  const architectures = optional(fields.architectures, (value) => texts(value, "architectures"));
  if (archMap !== undefined && archMap.length > 0 && architectures !== undefined && architectures.length > 0) {
    throw refusal(
      "'architectures' and 'archMap' were specified in the seccomp profile, use either 'architectures' or 'archMap'",
    );
  }
  const defaultErrnoRet = optional(fields.defaultErrnoRet, (value) => errno(value, "defaultErrnoRet"));
  const flags = optional(fields.flags, (value) => texts(value, "flags"));
  return {
    defaultAction: decodeAction(fields.defaultAction, "defaultAction"),
    ...(defaultErrnoRet === undefined ? {} : { defaultErrnoRet }),
    ...(archMap === undefined ? {} : { archMap }),
    ...(architectures === undefined ? {} : { architectures }),
    ...(flags === undefined ? {} : { flags }),
    rules: optional(fields.syscalls, (value) => list(value, "syscalls").map(decodeRule)) ?? [],
  };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw invalidParameter(
      `Decoding seccomp profile failed: ${error instanceof Error ? error.message : String(error)}`,
      { cause: error },
    );
  }
}

function decodeRule(value: unknown): Rule {
  const fields = toFields(value, "a system call rule");
  const name = optional(fields.name, (text) => string(text, "name"));
  const names = optional(fields.names, (values) => texts(values, "names")) ?? [];
  if (name !== undefined && names.length > 0) {
    throw refusal("'name' and 'names' were specified in the seccomp profile, use either 'name' or 'names'");
  }
  const errnoRet = optional(fields.errnoRet, (number) => errno(number, "errnoRet"));
  const args = optional(fields.args, (values) => list(values, "args").map(decodeArgument));
  return {
    names: name === undefined ? names : [name],
    action: decodeAction(fields.action, "action"),
    ...(errnoRet === undefined ? {} : { errnoRet }),
    ...(args === undefined || args.length === 0 ? {} : { args }),
    includes: optional(fields.includes, decodeCondition) ?? {},
    excludes: optional(fields.excludes, decodeCondition) ?? {},
  };
}

function decodeCondition(value: unknown): Condition {
  const fields = toFields(value, "a condition");
  const caps = optional(fields.caps, (values) => texts(values, "caps"));
  const arches = optional(fields.arches, (values) => texts(values, "arches"));
  const minKernel = optional(fields.minKernel, (text) => string(text, "minKernel"));
  if (minKernel !== undefined && !/^\d+\.\d+$/.test(minKernel)) throw refusal(`invalid kernel version ${minKernel}`);
  return {
    ...(caps === undefined ? {} : { caps }),
    ...(arches === undefined ? {} : { arches }),
    ...(minKernel === undefined ? {} : { minKernel }),
  };
}

function decodeArgument(value: unknown): Argument {
  const fields = toFields(value, "an argument");
  const op = OPERATORS[string(fields.op, "op")];
  if (op === undefined) throw refusal(`unknown operator ${String(fields.op)}`);
  const valueTwo = optional(fields.valueTwo, (number) => natural(number, "valueTwo"));
  return {
    index: natural(fields.index, "index", LAST_ARGUMENT),
    value: natural(fields.value ?? 0, "value"),
    ...(valueTwo === undefined ? {} : { valueTwo }),
    op,
  };
}

function decodeArchMapEntry(value: unknown): { architecture: string; subArchitectures: readonly string[] } {
  const fields = toFields(value, "an archMap entry");
  return {
    architecture: string(fields.architecture, "architecture"),
    subArchitectures: optional(fields.subArchitectures, (values) => texts(values, "subArchitectures")) ?? [],
  };
}

function decodeAction(value: unknown, field: string): Action {
  const action = ACTIONS[string(value, field)];
  if (action === undefined) throw refusal(`unknown action ${String(value)}`);
  return action;
}

function toFields(value: unknown, what: string): Fields {
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw refusal(`${what} is not an object`);
  return Object.fromEntries(Object.entries(value));
}

function optional<T>(value: unknown, decode: (value: unknown) => T): T | undefined {
  return value === undefined || value === null ? undefined : decode(value);
}

function list(value: unknown, field: string): readonly unknown[] {
  if (!Array.isArray(value)) throw refusal(`${field} is not an array`);
  return value;
}

function string(value: unknown, field: string): string {
  if (typeof value !== "string") throw refusal(`${field} is not a string`);
  return value;
}

function texts(value: unknown, field: string): readonly string[] {
  return list(value, field).map((entry) => string(entry, field));
}

function natural(value: unknown, field: string, last = Number.MAX_SAFE_INTEGER): number {
  if (typeof value !== "number" || !Number.isInteger(value) || value < 0 || value > last) {
    throw refusal(`${field} is not a number between 0 and ${last}`);
  }
  return value;
}

const errno = (value: unknown, field: string): number => natural(value, field, LAST_ERRNO);
