/** What a piece of code leaves open in this process, beside other tests whose files and sockets the collector closes at any moment. */
import { readdirSync, readlinkSync } from "node:fs";

/** Descriptors with what they are of; without those of event loops, which threads have. */
export function openFiles(): ReadonlySet<string> {
  const named = readdirSync("/proc/self/fd").map((fd) => `${fd} ${targetOf(fd)}`);
  return new Set(named.filter((name) => !/ (gone|anon_inode:.*)$/.test(name)));
}

export const openedSince = (before: ReadonlySet<string>): string[] =>
  [...openFiles()].filter((name) => !before.has(name));

/** The listing's own descriptor is closed by now. */
function targetOf(fd: string): string {
  try {
    return readlinkSync(`/proc/self/fd/${fd}`);
  } catch {
    return "gone";
  }
}
