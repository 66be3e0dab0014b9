/** Brings a running engine and its containers to rest, so that nothing of them is left on the machine. */
import { existsSync, readFileSync } from "node:fs";
import type { Client } from "../../client/client.ts";
import { CommandError } from "../errors.ts";

const DEADLINE_MS = 30_000;
const RECHECK_MS = 20;

/** Stops every container, or deletes them all with their anonymous volumes. */
export async function endContainers(client: Client, remove: boolean): Promise<void> {
  const { containers } = client;
  const end = (id: string): Promise<void> =>
    remove ? containers.remove(id, { force: true, v: true }) : containers.stop(id);
  await Promise.all((await containers.list({ all: remove })).map(({ Id }) => end(Id)));
}

/** Asks the engine to end and waits until it has: a clean end takes bridges and firewall rules away that nobody uses. */
export async function endEngine(run: string): Promise<void> {
  const pid = enginePid(run);
  if (pid === undefined) return;
  process.kill(pid, "SIGTERM");
  const deadline = performance.now() + DEADLINE_MS;
  while (existsSync(`/proc/${pid}`)) {
    if (performance.now() > deadline) throw new CommandError(`the engine (process ${pid}) does not end`);
    await Bun.sleep(RECHECK_MS);
  }
}

/** Undefined when none runs. A stale file names a process that is no engine. */
function enginePid(run: string): number | undefined {
  try {
    const pid = Number(readFileSync(`${run}/engine.pid`, "utf8"));
    const words = readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0");
    return words.includes("engine") ? pid : undefined;
  } catch {
    return undefined;
  }
}
