/** Control groups by path, the same path in every hierarchy: their processes, freezing, out-of-memory kills, removal. */
import { existsSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import { rmdir } from "node:fs/promises";
import { join } from "node:path";
import { hasCode } from "../base/errors.ts";
import { type CgroupLayout, cgroupDirectories, controllerDirectory } from "./cgroup-layout.ts";

const FREEZE_DEADLINE_MS = 10_000;
const REMOVE_DEADLINE_MS = 10_000;
const SIGKILL = 9;

/** Runs a step on something that may vanish at any moment; undefined when it has. */
function unlessGone<T>(step: () => T): T | undefined {
  try {
    return step();
  } catch (error) {
    if (hasCode(error, "ENOENT") || hasCode(error, "ENODEV") || hasCode(error, "ESRCH")) return undefined;
    throw error;
  }
}

function subdirectories(directory: string): string[] {
  const entries = unlessGone(() => readdirSync(directory, { withFileTypes: true })) ?? [];
  return entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
}

/** The directory and all below it, the deepest last. */
function tree(directory: string): string[] {
  return [directory, ...subdirectories(directory).flatMap((name) => tree(join(directory, name)))];
}

function pidsIn(directory: string): number[] {
  const text = unlessGone(() => readFileSync(join(directory, "cgroup.procs"), "utf8")) ?? "";
  return text.split("\n").filter(Boolean).map(Number);
}

/** Polls the kernel's own state, at once and then ever more seldom. False when the deadline passed first. */
async function until(isDone: () => boolean | Promise<boolean>, deadlineMs: number): Promise<boolean> {
  const end = performance.now() + deadlineMs;
  for (let pauseMs = 1; !(await isDone()); pauseMs = Math.min(pauseMs * 2, 50)) {
    if (performance.now() >= end) return false;
    await Bun.sleep(pauseMs);
  }
  return true;
}

/** All processes of the cgroup and those below it, in the order of their cgroups. Empty when there is none such. */
export function cgroupPids(layout: CgroupLayout, path: string): number[] {
  const directory = controllerDirectory(layout, "freezer", path);
  const directories = directory !== undefined && existsSync(directory) ? [directory] : cgroupDirectories(layout, path);
  return [...new Set(directories.flatMap(tree).flatMap(pidsIn))];
}

/** Names of the cgroups right below `parent`, in any hierarchy. */
export function childCgroups(layout: CgroupLayout, parent: string): string[] {
  return [...new Set(cgroupDirectories(layout, parent).flatMap(subdirectories))];
}

/** How often the kernel has killed a process of the cgroup for want of memory; undefined without a memory controller. */
export function oomKills(layout: CgroupLayout, path: string): number | undefined {
  const directory = controllerDirectory(layout, "memory", path);
  if (directory === undefined) return undefined;
  const file = layout.v1.has("memory") ? "memory.oom_control" : "memory.events";
  const text = unlessGone(() => readFileSync(join(directory, file), "utf8"));
  const count = /^oom_kill (\d+)$/m.exec(text ?? "")?.[1];
  return count === undefined ? undefined : Number(count);
}

interface Freezer {
  set(): void;
  isSet(): boolean;
}

function freezer(layout: CgroupLayout, path: string, frozen: boolean): Freezer {
  const directory = controllerDirectory(layout, "freezer", path);
  if (directory === undefined) throw new Error("no cgroup freezer on this machine");
  if (layout.v1.has("freezer")) {
    const [file, state] = [join(directory, "freezer.state"), frozen ? "FROZEN" : "THAWED"];
    return { set: () => writeFileSync(file, state), isSet: () => readFileSync(file, "utf8").trim() === state };
  }
  const [file, events, digit] = [
    join(directory, "cgroup.freeze"),
    join(directory, "cgroup.events"),
    frozen ? "1" : "0",
  ];
  return {
    set: () => writeFileSync(file, digit),
    isSet: () => readFileSync(events, "utf8").includes(`frozen ${digit}`),
  };
}

/**
 * Stops all processes of the cgroup and those below, and waits until they stand still; or lets them run again. Throws
 * ENOENT without such a cgroup. When they do not come to rest in time, the freeze is taken back.
 */
export async function setFrozen(layout: CgroupLayout, path: string, frozen: boolean): Promise<void> {
  const wanted = freezer(layout, path, frozen);
  const settle = (): boolean => {
    // Every time anew: a version 1 freezer that met a forking process goes on only when it is told again.
    wanted.set();
    return wanted.isSet();
  };
  if (await until(settle, FREEZE_DEADLINE_MS)) return;
  if (frozen) freezer(layout, path, false).set();
  throw new Error(`cgroup ${path} did not ${frozen ? "freeze" : "thaw"} within ${FREEZE_DEADLINE_MS / 1000} s`);
}

/** Kills what runs in the directory's tree. What a version 1 freezer holds dies only once every level is thawed. */
function killAll(directory: string): void {
  if (existsSync(join(directory, "cgroup.kill"))) {
    unlessGone(() => writeFileSync(join(directory, "cgroup.kill"), "1"));
    return;
  }
  for (const each of tree(directory)) {
    for (const pid of pidsIn(each)) unlessGone(() => process.kill(pid, SIGKILL));
    const state = join(each, "freezer.state");
    if (existsSync(state)) unlessGone(() => writeFileSync(state, "THAWED"));
  }
}

/** True once the directory is gone. */
async function removed(directory: string): Promise<boolean> {
  try {
    await rmdir(directory);
    return true;
  } catch (error) {
    if (hasCode(error, "ENOENT")) return true;
    if (!hasCode(error, "EBUSY")) throw error;
    return false;
  }
}

async function removeTree(directory: string): Promise<boolean> {
  if (await removed(directory)) return true;
  killAll(directory);
  for (const child of tree(directory).reverse()) await removed(child);
  return !existsSync(directory);
}

/**
 * Removes the cgroup and all below it from every hierarchy, killing what is left in them. Idempotent. Throws when
 * something in there does not die in time.
 */
export async function removeCgroup(layout: CgroupLayout, path: string): Promise<void> {
  if (path.replaceAll("/", "") === "") throw new RangeError("the root cgroup cannot be removed");
  const outcomes = await Promise.all(
    cgroupDirectories(layout, path).map((directory) => until(() => removeTree(directory), REMOVE_DEADLINE_MS)),
  );
  if (outcomes.includes(false)) {
    throw new Error(`cgroup ${path} is still in use by processes ${cgroupPids(layout, path).join(", ")}`);
  }
}

/** Removes a cgroup in every hierarchy in which nothing is left of it; where something is, it stays. */
export function removeIfEmpty(layout: CgroupLayout, path: string): void {
  for (const directory of cgroupDirectories(layout, path)) {
    try {
      rmdirSync(directory);
    } catch (error) {
      if (!["ENOENT", "EBUSY", "ENOTEMPTY"].some((code) => hasCode(error, code))) throw error;
    }
  }
}
