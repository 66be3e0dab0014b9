/** Takes away what a failed test has left of an engine, so that others, whose engines get the same addresses, do not fail as well. */
import { readFileSync, rmdirSync } from "node:fs";
import { join } from "node:path";
import { eventually } from "./eventually.ts";
import { type Names, residueOf } from "./residue.ts";

/** Once the engine itself is dead. Resolves when its processes are gone; what else cannot be taken away stays. */
export async function removeLeftovers(names: Names): Promise<void> {
  const left = (kind: string): string[] =>
    residueOf(names).flatMap((line) => (line.startsWith(`${kind} `) ? [line.slice(kind.length + 1)] : []));
  const processes = (): number[] => [
    ...left("process").map((line) => Number.parseInt(line, 10)),
    ...left("cgroup").flatMap(membersOf),
  ];
  await eventually(async () => {
    for (const pid of processes()) attempt(() => process.kill(pid, "SIGKILL"));
    return processes().length === 0;
  });
  for (const path of left("mount").reverse()) Bun.spawnSync(["umount", "-l", path]);
  for (const name of left("link")) Bun.spawnSync(["ip", "link", "delete", name]);
  Bun.spawnSync(["nft", "delete", "table", "inet", names.nftTable]);
  for (const path of left("cgroup").reverse()) attempt(() => rmdirSync(path));
}

function membersOf(cgroup: string): number[] {
  let members: number[] = [];
  attempt(() => {
    members = readFileSync(join(cgroup, "cgroup.procs"), "utf8").split("\n").filter(Boolean).map(Number);
  });
  return members;
}

/** Processes and directories go at any moment. */
function attempt(action: () => unknown): void {
  try {
    action();
  } catch (error) {
    if (!(error instanceof Error && "code" in error)) throw error;
  }
}
