/**
 * What lies below every container's image: the places where a runtime mounts, so that no start has to make them in the container's
 * own directory, where they would count as its changes. The same as Docker's (moby daemon/initlayer/setup_unix.go).
 */
import { closeSync, existsSync, mkdirSync, openSync, symlinkSync } from "node:fs";
import { dirname } from "node:path";
import { hasCode } from "../base/errors.ts";

const DIRECTORIES = ["dev/pts", "dev/shm", "proc", "sys"];
const FILES = ["dev/console", "etc/hostname", "etc/hosts", "etc/resolv.conf"];
/** Programs look for it to learn that they run in a container. Made last: with it, all the rest is there. */
const MARK = ".dockerenv";
const MODE = 0o755;

/** Idempotent, also after half of it. */
export function makeBottom(path: string): void {
  if (existsSync(`${path}/${MARK}`)) return;
  for (const directory of DIRECTORIES) mkdirSync(`${path}/${directory}`, { recursive: true, mode: MODE });
  for (const file of FILES) touch(`${path}/${file}`);
  try {
    symlinkSync("/proc/mounts", `${path}/etc/mtab`);
  } catch (error) {
    if (!hasCode(error, "EEXIST")) throw error;
  }
  touch(`${path}/${MARK}`);
}

function touch(path: string): void {
  mkdirSync(dirname(path), { recursive: true, mode: MODE });
  closeSync(openSync(path, "a", MODE));
}
