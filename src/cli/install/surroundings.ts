/** What installing finds on this machine, and the manifest that an earlier installation left. */
import { existsSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import { hasCode } from "../../base/errors.ts";
import { CommandError } from "../errors.ts";
import { GROUP, type Machine, type Manifest, manifestPath, type Target } from "./plan.ts";

/** True where systemd is process 1 (sd_booted(3)). */
const hasSystemd = (): boolean => existsSync("/run/systemd/system");

export function surveyMachine(searchPath: string): Machine {
  const known = groupExists(readFileSync("/etc/group", "utf8"), GROUP);
  return { systemd: hasSystemd(), addGroup: known ? undefined : addGroupCommand(searchPath) };
}

export function groupExists(groupFile: string, name: string): boolean {
  return groupFile.split("\n").some((line) => line.startsWith(`${name}:`));
}

/** The commands of shadow, or of busybox where that is all there is. */
function addGroupCommand(searchPath: string): readonly string[] {
  return isInstalled("groupadd", searchPath) ? ["groupadd", "--system", GROUP] : ["addgroup", "-S", GROUP];
}

export function delGroupCommand(searchPath: string): readonly string[] {
  return isInstalled("groupdel", searchPath) ? ["groupdel", GROUP] : ["delgroup", GROUP];
}

const isInstalled = (program: string, searchPath: string): boolean =>
  Bun.which(program, { PATH: `${searchPath}:/usr/sbin:/sbin` }) !== null;

/** The single-file release: this program itself, or what `npm run build` made of this checkout. */
export function releaseBinary(engineCommand: readonly string[]): string {
  const [program = "", script = ""] = engineCommand;
  if (engineCommand.length === 2) return program;
  const built = resolve(script, "../../dist/tare");
  if (existsSync(built)) return built;
  throw new CommandError(
    `installing takes the single-file release, and ${built} is not built: run \`npm run build\` first`,
  );
}

/** Throws CommandError when nothing was installed there. */
export function readManifest(target: Target): Manifest {
  const path = manifestPath(target);
  try {
    return decodeManifest(JSON.parse(readFileSync(path, "utf8")));
  } catch (cause) {
    if (!hasCode(cause, "ENOENT")) throw cause;
    throw new CommandError(`nothing is installed below ${target.destdir}${target.prefix} (no ${path})`, 1, { cause });
  }
}

function decodeManifest(raw: unknown): Manifest {
  const { version, files, madeGroup, units } = Object.fromEntries(Object.entries(Object(raw)));
  const isText = (file: unknown): file is string => typeof file === "string";
  if (version !== 1 || !Array.isArray(files) || !files.every(isText)) {
    throw new CommandError("the manifest of this installation is of another version of tare: uninstall with that one");
  }
  return { version, files, madeGroup: madeGroup === true, units: units === true };
}
