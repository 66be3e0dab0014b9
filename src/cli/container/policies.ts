/** Restart, health, logging, security and name-space settings, each checked as docker/cli checks it. */

import { messageOf } from "../../base/errors.ts";
import type { HealthConfig } from "../../wire/container.ts";
import type { LogConfig, RestartPolicy, RestartPolicyName } from "../../wire/host-config.ts";
import { CommandError } from "../errors.ts";
import { readUserFile } from "./key-values.ts";
import { splitPair, toMap } from "./values.ts";

/** "on-failure:3"; the engine knows which policies there are. */
export function parseRestartPolicy(text: string): RestartPolicy {
  const [name = "", count, ...more] = text.split(":");
  const problem = "invalid restart policy format";
  if (count !== undefined && name === "") throw new CommandError(`${problem}: no policy provided before colon`);
  const retries = count === undefined || count === "" ? "0" : count;
  if (more.length > 0 || !/^[+-]?\d+$/.test(retries)) {
    throw new CommandError(`${problem}: maximum retry count must be an integer`);
  }
  return { Name: name as RestartPolicyName, MaximumRetryCount: Number(retries) };
}

export interface HealthFlags {
  readonly "health-cmd": string;
  readonly "health-interval": number | undefined;
  readonly "health-timeout": number | undefined;
  readonly "health-start-period": number | undefined;
  readonly "health-start-interval": number | undefined;
  readonly "health-retries": number | undefined;
  readonly "no-healthcheck": boolean;
}

const HEALTH_NUMBERS = [
  "health-interval",
  "health-timeout",
  "health-retries",
  "health-start-period",
  "health-start-interval",
] as const;

/** Undefined leaves the image's own check. */
export function parseHealth(flags: HealthFlags): HealthConfig | undefined {
  const given = flags["health-cmd"] !== "" || HEALTH_NUMBERS.some((name) => (flags[name] ?? 0) !== 0);
  if (flags["no-healthcheck"]) {
    if (given) throw new CommandError("--no-healthcheck conflicts with --health-* options");
    return { Test: ["NONE"] };
  }
  if (!given) return undefined;
  for (const name of HEALTH_NUMBERS) {
    if ((flags[name] ?? 0) < 0) throw new CommandError(`--${name} cannot be negative`);
  }
  return {
    ...(flags["health-cmd"] === "" ? {} : { Test: ["CMD-SHELL", flags["health-cmd"]] }),
    Interval: flags["health-interval"] ?? 0,
    Timeout: flags["health-timeout"] ?? 0,
    StartPeriod: flags["health-start-period"] ?? 0,
    StartInterval: flags["health-start-interval"] ?? 0,
    Retries: flags["health-retries"] ?? 0,
  };
}

export function parseLogging(driver: string, options: readonly string[]): LogConfig {
  if (driver === "none" && options.length > 0) throw new CommandError(`invalid logging opts for driver ${driver}`);
  return { Type: driver, Config: toMap(options) };
}

export function parseStorage(options: readonly string[]): Record<string, string> | undefined {
  if (options.some((option) => !option.includes("="))) throw new CommandError("invalid storage option");
  return options.length === 0 ? undefined : toMap(options);
}

export interface Security {
  readonly options: string[] | null;
  /** [] masks nothing; undefined is the engine's default. */
  readonly systemPaths: [] | undefined;
}

/** Reads seccomp profiles from the user's files, since the engine may not see them. */
export async function parseSecurity(options: readonly string[], cwd: string): Promise<Security> {
  const kept = options.filter((option) => option !== "systempaths=unconfined");
  const read = await Promise.all(kept.map((option) => securityOption(option, cwd)));
  return { options: read.length === 0 ? null : read, systemPaths: kept.length < options.length ? [] : undefined };
}

async function securityOption(option: string, cwd: string): Promise<string> {
  const [name, value] = option.includes("=") ? splitPair(option) : splitPair(option.replace(":", "="));
  if (name === "no-new-privileges") return option;
  if (value === "") throw new CommandError(`Invalid --security-opt: ${JSON.stringify(option)}`);
  if (name !== "seccomp" || value === "builtin" || value === "unconfined") return option;
  const profile = await readUserFile(cwd, value).catch((cause: unknown) => {
    throw new CommandError(`opening seccomp profile (${value}) failed: ${messageOf(cause)}`, 1, { cause });
  });
  try {
    return `seccomp=${JSON.stringify(JSON.parse(new TextDecoder().decode(profile)))}`;
  } catch (cause) {
    throw new CommandError(`compacting json for seccomp profile (${value}) failed: ${messageOf(cause)}`, 1, { cause });
  }
}

/** The modes of name spaces that only have a few words. */
export function checkNamespaces(flags: Readonly<Record<"pid" | "uts" | "userns" | "cgroupns", string>>): void {
  const { pid, uts, userns, cgroupns } = flags;
  if (!["", "host"].includes(pid) && !/^container:./.test(pid)) throw new CommandError("--pid: invalid PID mode");
  if (!["", "host"].includes(uts)) throw new CommandError("--uts: invalid UTS mode");
  if (!["", "host"].includes(userns)) throw new CommandError("--userns: invalid USER mode");
  if (!["", "private", "host"].includes(cgroupns)) throw new CommandError("--cgroupns: invalid CGROUP mode");
}

const SYSCTLS = new Set([
  "kernel.msgmax",
  "kernel.msgmnb",
  "kernel.msgmni",
  "kernel.sem",
  "kernel.shmall",
  "kernel.shmmax",
  "kernel.shmmni",
  "kernel.shm_rmid_forced",
]);

/** Only what a name space keeps to itself. */
export function checkSysctl(text: string): string {
  const [name] = splitPair(text);
  if (text.includes("=") && (SYSCTLS.has(name) || name.startsWith("net.") || name.startsWith("fs.mqueue.")))
    return text;
  throw new Error(`sysctl '${text}' is not allowed`);
}

export function checkLink(text: string): string {
  if (text === "") throw new Error("empty string specified for links");
  if (text.split(":").length > 2) throw new Error(`bad format for links: ${text}`);
  return text;
}
