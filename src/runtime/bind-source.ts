/** The host's side of a bind mount, looked at right before a container starts. */
import { existsSync, mkdirSync, statSync } from "node:fs";
import { invalidParameter } from "../base/errors.ts";
import { mountRestrictions } from "../kernel/mount-restrictions.ts";
import { checkPropagation } from "./propagation.ts";
import type { UserMount } from "./spec/user-mount.ts";

/** `--mount` does not make what is missing; `-v` does. */
export function checkBindSource(source: string): void {
  if (!existsSync(source)) {
    throw invalidParameter(`invalid mount config for type "bind": bind source path does not exist: ${source}`);
  }
}

/**
 * Makes a missing source where that is wanted. What the source's own mount forbids is said again: crun, unlike runc, would allow it in the
 * container. Nothing is mounted below a file, and crun fails to look.
 */
export function prepareBind(mount: UserMount): UserMount {
  const { source, createSource, readOnly } = mount;
  if (!createSource) checkBindSource(source);
  else if (!existsSync(source)) mkdirSync(source, { recursive: true });
  checkPropagation(mount);
  const restricted = { ...mount, options: mountRestrictions(source) };
  return readOnly && !statSync(source).isDirectory() ? { ...restricted, recursiveReadOnly: "no" } : restricted;
}
