/** `-v source:destination:mode` (moby volume/mounts, linux_parser.go), decoded with Docker's messages. Pure. */
import { posix } from "node:path";
import { invalidParameter } from "../../base/errors.ts";

export const PROPAGATIONS = ["private", "rprivate", "shared", "rshared", "slave", "rslave"] as const;
export type Propagation = (typeof PROPAGATIONS)[number];

/** A mount that a user asked for, whichever way it was written. */
export interface UserMount {
  readonly type: "bind" | "volume" | "tmpfs";
  /** Absolute host path of a bind, name of a volume ("" for one without), nothing for a tmpfs. */
  readonly source: string;
  /** Absolute and clean. */
  readonly destination: string;
  readonly readOnly: boolean;
  readonly propagation: Propagation;
  /** Also what is mounted below the source. */
  readonly recursive: boolean;
  /** A read-only mount also protects what is mounted below it. */
  readonly recursiveReadOnly: boolean;
  /** Make a missing source directory, as `-v` does and `--mount` does not. */
  readonly createSource: boolean;
  /** Further options of a tmpfs. */
  readonly options: readonly string[];
}

interface Mode {
  readonly readOnly: boolean;
  readonly propagation: Propagation;
}

/** What a mode may say, by matter; each matter once. SELinux labels and consistency mean nothing on this platform. */
const MATTERS: Readonly<Record<string, string>> = {
  ro: "access",
  rw: "access",
  z: "label",
  Z: "label",
  nocopy: "copy",
  consistent: "consistency",
  cached: "consistency",
  delegated: "consistency",
  ...Object.fromEntries(PROPAGATIONS.map((propagation) => [propagation, "propagation"])),
};

export const DEFAULT_PROPAGATION: Propagation = "rprivate";

/** Throws invalidParameter with Docker's messages. */
export function parseBind(text: string): UserMount {
  const parts = text.split(":");
  const [first = "", second, modeText = ""] = parts;
  const [source, destination] = second === undefined ? ["", first] : [first, second];
  if (destination === "" || (second !== undefined && first === "") || parts.length > 3) throw badNotation(text);
  const mode = parseBindMode(modeText);
  const isPath = source.startsWith("/");
  if (isPath && modeText.split(",").includes("nocopy")) {
    throw badNotation(text, 'invalid mount config for type "bind": field VolumeOptions must not be specified');
  }
  const type = isPath ? "bind" : "volume";
  try {
    checkDestination(destination);
  } catch (error) {
    throw badNotation(text, `invalid mount config for type "${type}": ${error instanceof Error ? error.message : ""}`);
  }
  return {
    type,
    source: isPath ? cleanPath(source) : source,
    destination: cleanPath(destination),
    ...mode,
    recursive: true,
    recursiveReadOnly: true,
    createSource: true,
    options: [],
  };
}

const badNotation = (text: string, why = ""): Error =>
  invalidParameter(`invalid volume specification: '${text}'${why === "" ? "" : `: ${why}`}`);

function parseBindMode(text: string): Mode {
  const words = text.split(",").filter(Boolean);
  const matters = words.map((word) => MATTERS[word]);
  if (matters.includes(undefined) || new Set(matters).size < matters.length)
    throw invalidParameter(`invalid mode: ${text}`);
  return {
    readOnly: words.includes("ro"),
    propagation: PROPAGATIONS.find((propagation) => words.includes(propagation)) ?? DEFAULT_PROPAGATION,
  };
}

/** Without trailing slashes, dots and double slashes. */
export const cleanPath = (path: string): string => posix.normalize(path).replace(/(?<=.)\/+$/, "");

/** Throws invalidParameter unless the path is absolute and not the root itself. */
export function checkDestination(path: string): void {
  if (!path.startsWith("/")) throw invalidParameter(`invalid mount path: '${path}' mount path must be absolute`);
  if (cleanPath(path) === "/") throw invalidParameter("invalid specification: destination can't be '/'");
}
