/**
 * Compiled filters, in memory and on disk by the hash of what they were compiled from. Invariant: a file is complete or not
 * there, and its name says exactly what it enforces, so it is never out of date.
 */
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { hasCode, invalidParameter, unavailable } from "../../base/errors.ts";
import { SysError } from "../../kernel/errno.ts";
import { writeFileAtomic } from "../../state/atomic-file.ts";
import { decodeProfile } from "./decode.ts";
import { DEFAULT_PROFILE } from "./default-profile.ts";
import { compileSeccomp } from "./filter.ts";
import { type ResolvedSeccomp, resolveProfile, type SeccompTarget } from "./profile.ts";

/** Goes up when the same profile is to be compiled differently. */
const COMPILER_VERSION = 1;
const INSTRUCTION_BYTES = 8;
/** Programs kept in memory; custom profiles could be without number. */
const REMEMBERED = 64;

export interface CompiledSeccomp {
  readonly resolved: ResolvedSeccomp;
  /** The BPF program in base64, compiled at the first call. */
  program(): string;
}

export interface SeccompFilters {
  /** `profile` is the JSON of a custom profile; undefined is the default one. Throws invalidParameter for one that cannot be read. */
  get(profile: string | undefined, capabilities: readonly string[]): CompiledSeccomp;
}

export function createSeccompFilters(
  directory: string,
  machine: Pick<SeccompTarget, "arch" | "kernel">,
): SeccompFilters {
  const known = new Map<string, CompiledSeccomp>();
  return {
    get(profile, capabilities) {
      const key = `${capabilities.join(" ")}\n${profile ?? ""}`;
      let filter = known.get(key);
      if (filter === undefined) {
        const source = profile === undefined ? DEFAULT_PROFILE : decodeProfile(profile);
        filter = lazyFilter(
          directory,
          resolveProfile(source, { arch: machine.arch, kernel: machine.kernel, capabilities }),
        );
        if (known.size >= REMEMBERED) known.clear();
        known.set(key, filter);
      }
      return filter;
    },
  };
}

function lazyFilter(directory: string, resolved: ResolvedSeccomp): CompiledSeccomp {
  let program: string | undefined;
  return {
    resolved,
    program() {
      program ??= Buffer.from(load(directory, resolved)).toString("base64");
      return program;
    },
  };
}

function load(directory: string, resolved: ResolvedSeccomp): Uint8Array {
  const hash = createHash("sha256")
    .update(`${COMPILER_VERSION}\n${JSON.stringify(resolved)}`)
    .digest("hex");
  const path = join(directory, `${hash}.bpf`);
  const stored = readStored(path);
  if (stored !== undefined) return stored;
  const program = compile(resolved);
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  writeFileAtomic(path, program);
  return program;
}

function compile(resolved: ResolvedSeccomp): Uint8Array {
  try {
    return compileSeccomp(resolved);
  } catch (error) {
    if (error instanceof SysError) throw invalidParameter(`seccomp profile: ${error.message}`, { cause: error });
    throw unavailable(
      "the seccomp filter cannot be compiled: is libseccomp2 installed? (apt install libseccomp2, or run with --security-opt seccomp=unconfined)",
      { cause: error },
    );
  }
}

function readStored(path: string): Uint8Array | undefined {
  try {
    const program = readFileSync(path);
    return program.length > 0 && program.length % INSTRUCTION_BYTES === 0 ? program : undefined;
  } catch (error) {
    if (hasCode(error, "ENOENT")) return undefined;
    throw error;
  }
}
