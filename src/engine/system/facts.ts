/** Facts of the host and of this build that `version` and `info` show. */
import { readFileSync } from "node:fs";
import { arch, cpus, hostname, release, totalmem } from "node:os";
import type { HostLimits } from "../../wire/validate/resources.ts";

export interface HostFacts {
  readonly name: string;
  readonly kernel: string;
  readonly osName: string;
  readonly osVersion: string;
  /** "amd64" as Go names it, and "x86_64" as uname does. */
  readonly goArch: string;
  readonly machine: string;
  readonly cpus: number;
  readonly memoryBytes: number;
}

const GO_ARCH: Readonly<Record<string, string>> = { x64: "amd64", arm64: "arm64" };
const MACHINE: Readonly<Record<string, string>> = { x64: "x86_64", arm64: "aarch64" };

export function readHostFacts(): HostFacts {
  const osRelease = readOsRelease();
  return {
    name: hostname(),
    kernel: release(),
    osName: osRelease.get("PRETTY_NAME") ?? "Linux",
    osVersion: osRelease.get("VERSION_ID") ?? "",
    goArch: GO_ARCH[arch()] ?? arch(),
    machine: MACHINE[arch()] ?? arch(),
    cpus: cpus().length,
    memoryBytes: totalmem(),
  };
}

/** What requests cannot ask more than. */
export function readHostLimits(): HostLimits {
  return {
    cpus: cpus().length,
    cpusetCpus: readOnline("cpu"),
    cpusetMems: readOnline("node"),
  };
}

/** "0-3"; a machine without memory nodes has one. */
function readOnline(what: "cpu" | "node"): string {
  try {
    return readFileSync(`/sys/devices/system/${what}/online`, "utf8").trim();
  } catch {
    return "0";
  }
}

/** KEY=value lines, values possibly quoted, os-release(5). */
function readOsRelease(): Map<string, string> {
  try {
    const lines = readFileSync("/etc/os-release", "utf8").matchAll(/^([A-Z_]+)=("?)(.*)\2$/gm);
    return new Map([...lines].map(([, key = "", , value = ""]) => [key, value]));
  } catch {
    return new Map();
  }
}
