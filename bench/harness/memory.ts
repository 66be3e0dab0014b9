/** Memory and identity of processes, from /proc. */
import { readdirSync, readFileSync, writeFileSync } from "node:fs";

/** What these processes alone keep from others: Private_Clean + Private_Dirty. */
export function privateMemoryKb(pids: readonly number[]): number {
  return sumOf(pids, /^Private_\w+:\s+(\d+) kB$/gm);
}

/** Proportional set size: shared pages count by their share. */
export function proportionalKb(pids: readonly number[]): number {
  return sumOf(pids, /^Pss:\s+(\d+) kB$/gm);
}

export function processesNamed(...names: readonly string[]): number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => names.includes(read(`/proc/${pid}/comm`).trim()))
    .map(Number);
}

/** The command line, its words separated by spaces. */
export function commandLine(pid: number): string {
  return read(`/proc/${pid}/cmdline`).replaceAll("\0", " ");
}

function sumOf(pids: readonly number[], pattern: RegExp): number {
  const amounts = pids.flatMap((pid) => [...read(`/proc/${pid}/smaps_rollup`).matchAll(pattern)]);
  return amounts.reduce((total, [, kilobytes]) => total + Number(kilobytes), 0);
}

/** "" when the process has gone. */
function read(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}

/** The most memory that a process has had at once during `work`, in MiB. */
export async function peakOf(pid: number, work: () => Promise<void>): Promise<number> {
  writeFileSync(`/proc/${pid}/clear_refs`, "5");
  await work();
  const [, kilobytes] = /^VmHWM:\s+(\d+) kB$/m.exec(read(`/proc/${pid}/status`)) ?? [];
  return Number(kilobytes) / 1024;
}
