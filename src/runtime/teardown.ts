/** Taking a container's traces away: the runtime's record, its processes, its cgroups, its shared memory. Off the start path; idempotent. */
import { existsSync, rmSync } from "node:fs";
import type { Logger } from "../base/log.ts";
import { removeCgroup } from "../kernel/cgroup.ts";
import type { CgroupLayout } from "../kernel/cgroup-layout.ts";
import type { Driver } from "./driver/driver.ts";
import { releaseSharedMemory } from "./shared-memory.ts";

export interface TeardownDeps {
  readonly cgroups: () => CgroupLayout;
  readonly log: Logger;
}

export interface Remains {
  readonly id: string;
  readonly drivers: readonly Driver[];
  readonly cgroup: string;
  readonly bundle: string;
}

/** Throws when processes do not die in time. */
export async function tearDown(
  { id, drivers, cgroup, bundle }: Remains,
  { cgroups, log }: TeardownDeps,
): Promise<void> {
  for (const driver of drivers) await forget(driver, id, log);
  await removeCgroup(cgroups(), cgroup);
  for (const driver of drivers) rmSync(driver.stateOf(id), { recursive: true, force: true });
  releaseSharedMemory(bundle);
}

/** Asks a runtime that keeps more than files to let go. What it fails to do, the removal of its cgroup and its record does. */
async function forget(driver: Driver, id: string, log: Logger): Promise<void> {
  const argv = driver.remove(id);
  if (argv === undefined || !existsSync(driver.stateOf(id))) return;
  const { exitCode, stderr } = await runRuntime(argv);
  if (exitCode !== 0) log.warn("runtime.delete-failed", { runtime: driver.name, id, exitCode, stderr });
}

const MISSING_PROGRAM = 127;

export interface Outcome {
  readonly exitCode: number;
  readonly stderr: string;
}

/** Runs a verb of a runtime to its end. A program that is not there ends with 127, as in a shell. */
export async function runRuntime(argv: readonly string[]): Promise<Outcome> {
  const [program = ""] = argv;
  if (!existsSync(program)) return { exitCode: MISSING_PROGRAM, stderr: `${program}: not found` };
  const child = Bun.spawn([...argv], { stdin: "ignore", stdout: "ignore", stderr: "pipe", env: {} });
  const [exitCode, stderr] = await Promise.all([child.exited, child.stderr.text()]);
  return { exitCode, stderr: stderr.trim() };
}
