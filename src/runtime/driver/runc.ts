/** runc, and every runtime that is spoken to like it: takes the profile in the specification's own form. */
import { createDriver, type Driver, type DriverSettings } from "./driver.ts";

/** `name` is the one it was asked for by; others than runc may keep more than files, such as a virtual machine. */
export function createRunc(settings: DriverSettings): Driver {
  return createDriver(settings, {
    options: [],
    keepsFilesOnly: settings.name === "runc",
    withSeccomp: (spec, { resolved }) => ({ ...spec, linux: { ...spec.linux, seccomp: resolved } }),
    masksFromHost: () => settings.name !== "runc" || isMended(versionOf(settings.command)),
    sizesLate: false,
  });
}

/** What `runc --version` says first; "" when it says nothing. */
function versionOf(command: readonly string[]): string {
  const { stdout } = Bun.spawnSync([...command, "--version"], { stdin: "ignore", stderr: "ignore" });
  return /^runc version (\S+)/.exec(stdout.toString())?.[1] ?? "";
}

/** First patch release of each minor one of runc 1 that covers masked paths safely; before them none does. */
const MENDED: Readonly<Record<number, number>> = { 2: 8, 3: 3 };

export function isMended(version: string): boolean {
  const [major = 0, minor = 0, patch = 0] = version.split(/[.+~-]/).map(Number);
  const firstPatch = MENDED[minor];
  return major > 1 || (major === 1 && (minor > 3 || (firstPatch !== undefined && patch >= firstPatch)));
}
