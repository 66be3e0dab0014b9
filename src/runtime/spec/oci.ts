/** The part of the OCI runtime specification (1.0 – 1.2, Linux) that tare writes; field names are the specification's. */
import type { ResolvedSeccomp } from "../seccomp/profile.ts";

export interface Spec {
  ociVersion: string;
  process: Process;
  root: { path: string; readonly?: boolean };
  hostname?: string;
  mounts: readonly OciMount[];
  annotations?: Readonly<Record<string, string>>;
  linux: Linux;
}

export interface Process {
  terminal?: boolean;
  consoleSize?: { height: number; width: number };
  user: User;
  args: readonly string[];
  env: readonly string[];
  cwd: string;
  capabilities: Capabilities;
  rlimits?: readonly Rlimit[];
  noNewPrivileges?: boolean;
  oomScoreAdj?: number;
}

interface User {
  uid: number;
  gid: number;
  additionalGids: readonly number[];
}

export interface Capabilities {
  bounding: readonly string[];
  effective?: readonly string[];
  permitted?: readonly string[];
}

/** An unsigned 64-bit number as JSON text, since `unlimited` is beyond what a JavaScript number holds. */
export type Uint64 = number | { readonly rawJSON: string };

export interface Rlimit {
  type: string;
  soft: Uint64;
  hard: Uint64;
}

export interface OciMount {
  destination: string;
  type: string;
  source: string;
  options: readonly string[];
}

export interface Linux {
  namespaces: readonly Namespace[];
  sysctl?: Readonly<Record<string, string>>;
  resources: LinuxResources;
  cgroupsPath: string;
  devices?: readonly Device[];
  seccomp?: ResolvedSeccomp;
  maskedPaths?: readonly string[];
  readonlyPaths?: readonly string[];
  rootfsPropagation?: "shared" | "slave";
}

export interface Namespace {
  type: "mount" | "pid" | "ipc" | "uts" | "network" | "cgroup";
  path?: string;
}

export interface Device {
  path: string;
  type: "c" | "b" | "p";
  major: number;
  minor: number;
  fileMode: number;
  uid: number;
  gid: number;
}

export interface DeviceRule {
  allow: boolean;
  type?: string;
  major?: number;
  minor?: number;
  access: string;
}

/** In the terms of cgroup version 1, as the specification has them; the runtime converts for version 2. */
export interface LinuxResources {
  devices?: readonly DeviceRule[];
  memory?: Memory;
  cpu?: Cpu;
  pids?: { limit: number };
  blockIO?: BlockIo;
}

export interface Memory {
  limit?: number;
  reservation?: number;
  swap?: number;
  swappiness?: number;
  disableOOMKiller?: boolean;
}

export interface Cpu {
  shares?: number;
  quota?: number;
  period?: number;
  realtimeRuntime?: number;
  realtimePeriod?: number;
  cpus?: string;
  mems?: string;
}

export interface BlockIo {
  weight?: number;
  weightDevice?: readonly { major: number; minor: number; weight: number }[];
  throttleReadBpsDevice?: readonly Throttle[];
  throttleWriteBpsDevice?: readonly Throttle[];
  throttleReadIOPSDevice?: readonly Throttle[];
  throttleWriteIOPSDevice?: readonly Throttle[];
}

export interface Throttle {
  major: number;
  minor: number;
  rate: number;
}
