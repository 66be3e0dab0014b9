/** Facts of the machine that specs and checks depend on, each read once, at its first use. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type CgroupLayout, controllerDirectory, detectCgroups, isPureV2 } from "../kernel/cgroup-layout.ts";
import { namesOfMask } from "./spec/capabilities.ts";

export interface Host {
  readonly kernel: readonly [major: number, minor: number];
  /** Go's name of the architecture. */
  readonly arch: string;
  readonly cgroups: CgroupLayout;
  readonly isCgroupV2: boolean;
  readonly onlineCpus: ReadonlySet<number>;
  readonly onlineNodes: ReadonlySet<number>;
  /** The engine's own, which is all that it can give. */
  readonly capabilities: readonly string[];
  readonly limitsSwap: boolean;
  readonly weighsBlockIo: boolean;
  /** Whether a read-only mount can protect what is mounted below it: mount_setattr(2), Linux 5.12. */
  readonly protectsBelow: boolean;
  /** Directories of /sys that tell how hot the CPUs are. */
  readonly thermalPaths: readonly string[];
}

const GO_ARCH: Readonly<Partial<Record<NodeJS.Architecture, string>>> = {
  x64: "amd64",
  arm64: "arm64",
  riscv64: "riscv64",
};

export function createHost(): Host {
  return {
    arch: GO_ARCH[process.arch] ?? process.arch,
    get kernel() {
      return remember(this, "kernel", toKernelVersion(readText("/proc/sys/kernel/osrelease")));
    },
    get cgroups() {
      return remember(this, "cgroups", detectCgroups());
    },
    get isCgroupV2() {
      return isPureV2(this.cgroups);
    },
    get onlineCpus() {
      return remember(this, "onlineCpus", new Set(parseCpuList(readText("/sys/devices/system/cpu/online"))));
    },
    get onlineNodes() {
      const nodes = "/sys/devices/system/node/online";
      return remember(this, "onlineNodes", new Set(parseCpuList(existsSync(nodes) ? readText(nodes) : "0")));
    },
    get capabilities() {
      const mask = /^CapEff:\s*([0-9a-f]+)$/m.exec(readText("/proc/self/status"))?.[1] ?? "0";
      return remember(this, "capabilities", namesOfMask(mask));
    },
    get limitsSwap() {
      return remember(this, "limitsSwap", limitsSwap(this.cgroups));
    },
    get weighsBlockIo() {
      const file = this.isCgroupV2 ? undefined : controllerDirectory(this.cgroups, "blkio", "/blkio.weight");
      return remember(this, "weighsBlockIo", file === undefined || existsSync(file));
    },
    get protectsBelow() {
      const [major, minor] = this.kernel;
      return major > 5 || (major === 5 && minor >= 12);
    },
    get thermalPaths() {
      const paths = [...this.onlineCpus].map((cpu) => `/sys/devices/system/cpu/cpu${cpu}/thermal_throttle`);
      return remember(
        this,
        "thermalPaths",
        paths.filter((path) => existsSync(path)),
      );
    },
  };
}

/** Turns the getter into a plain value. */
function remember<K extends keyof Host>(host: Host, key: K, value: Host[K]): Host[K] {
  Object.defineProperty(host, key, { value });
  return value;
}

const readText = (path: string): string => readFileSync(path, "utf8").trim();

function toKernelVersion(release: string): readonly [number, number] {
  const [major = 0, minor = 0] = release.split(".").map((part) => Number.parseInt(part, 10));
  return [major, minor];
}

/** Expands "0-2,5". Undefined when it is no such list. */
export function parseCpuList(text: string): number[] | undefined {
  if (text === "") return [];
  const numbers: number[] = [];
  for (const part of text.split(",")) {
    const match = /^\s*(\d{1,4})(?:-(\d{1,4}))?\s*$/.exec(part);
    if (match === null) return undefined;
    const [first, last] = [Number(match[1]), Number(match[2] ?? match[1])];
    if (last < first) return undefined;
    for (let number = first; number <= last; number++) numbers.push(number);
  }
  return numbers;
}

/** Version 1 shows it in the root; version 2 has the file everywhere but in the root, so this process's own cgroup is asked. */
function limitsSwap(layout: CgroupLayout): boolean {
  const v1 = layout.v1.get("memory");
  if (v1 !== undefined) return existsSync(join(v1, "memory.memsw.limit_in_bytes"));
  const own = /^0::(\/.+)$/m.exec(readText("/proc/self/cgroup"))?.[1];
  if (layout.v2 === undefined || own === undefined) return true;
  return existsSync(join(layout.v2, own, "memory.swap.max"));
}
