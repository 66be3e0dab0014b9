/** runc, and every runtime that is spoken to like it: takes the profile in the specification's own form. */
import { createDriver, type Driver, type DriverSettings } from "./driver.ts";

/** `name` is the one it was asked for by; others than runc may keep more than files, such as a virtual machine. */
export function createRunc(settings: DriverSettings): Driver {
  return createDriver(settings, {
    options: [],
    keepsFilesOnly: settings.name === "runc",
    withSeccomp: (spec, { resolved }) => ({ ...spec, linux: { ...spec.linux, seccomp: resolved } }),
  });
}
