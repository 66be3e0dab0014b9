/** Bind specifications "source:destination[:options]" (moby v28 daemon/volume/mounts/linux_parser.go). */
import { type EngineError, invalidParameter, systemError } from "../../base/errors.ts";
import { checkTarget, cleanTarget } from "./mount-target.ts";

export interface Bind {
  readonly type: "bind" | "volume";
  /** A host path, the name of a volume, or "" for an anonymous one. */
  readonly source: string;
  readonly destination: string;
  /** The option words behind the second colon. */
  readonly options: readonly string[];
}

/** At most one word of each group. */
const OPTION_GROUPS = [
  ["rw", "ro"],
  ["z", "Z"],
  ["consistent", "cached", "delegated"],
  ["private", "rprivate", "slave", "rslave", "shared", "rshared"],
  ["nocopy"],
] as const;
const PROPAGATION: readonly string[] = OPTION_GROUPS[3];
const VOLUME_NAME = /^[a-zA-Z0-9][a-zA-Z0-9_.-]+$/;

/** Throws in Docker's words and with its statuses: 500 for what cannot be read, 400 for a bad name. The destination comes back cleaned. */
export function parseBind(spec: string): Bind {
  const parts = spec.split(":");
  const [first = "", second, mode = "", ...rest] = parts;
  const hasEmpty = parts.includes("");
  const isModeOnly = parts.length === 2 && second !== undefined && areOptions(second);
  if (hasEmpty || rest.length > 0 || isModeOnly) throw invalidSpec(spec);
  if (mode !== "" && !areOptions(mode)) throw systemError(`invalid mode: ${mode}`);
  const options = mode === "" ? [] : mode.split(",");
  const source = second === undefined ? "" : first;
  const destination = second ?? first;
  const type = source.startsWith("/") ? "bind" : "volume";
  const problem = checkTarget(destination) ?? misplacedOption(type, options);
  if (problem !== undefined) throw invalidSpec(spec, `: invalid mount config for type "${type}": ${problem}`);
  if (type === "volume" && source !== "") checkVolumeName(source);
  return { type, source, destination: cleanTarget(destination), options };
}

function areOptions(mode: string): boolean {
  const words = mode.split(",");
  const known = OPTION_GROUPS.flat() as readonly string[];
  const isClear = OPTION_GROUPS.every((group) => group.filter((word) => words.includes(word)).length <= 1);
  return isClear && words.every((word) => known.includes(word));
}

function misplacedOption(type: "bind" | "volume", options: readonly string[]): string | undefined {
  if (type === "bind" && options.includes("nocopy")) return "field VolumeOptions must not be specified";
  if (type === "volume" && options.some((word) => PROPAGATION.includes(word))) {
    return "field BindOptions must not be specified";
  }
  return undefined;
}

export function checkVolumeName(name: string): void {
  if (name.length === 1) {
    throw invalidParameter(
      `create ${name}: volume name is too short, names should be at least two alphanumeric characters`,
    );
  }
  if (!VOLUME_NAME.test(name)) {
    throw invalidParameter(
      `create ${name}: ${JSON.stringify(name)} includes invalid characters for a local volume name, only "[a-zA-Z0-9][a-zA-Z0-9_.-]" are allowed. If you intended to pass a host directory, use absolute path`,
    );
  }
}

function invalidSpec(spec: string, why = ""): EngineError {
  return systemError(`invalid volume specification: '${spec}'${why}`);
}
