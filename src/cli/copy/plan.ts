/** Where a copy goes and under which name, after moby's rules (pkg/archive, PrepareArchiveCopy). Pure. */
import { CommandError } from "../errors.ts";
import { assertsDirectory, splitEntry } from "./paths.ts";

export interface CopySource {
  /** With the slash or dot at its end. */
  readonly path: string;
  readonly isDirectory: boolean;
  /** What names in the archive begin with in place of the last name of `path`; "" for that itself. */
  readonly name: string;
}

export interface CopyDestination {
  readonly path: string;
  /** Undefined when there is nothing yet. */
  readonly kind: "directory" | "other" | undefined;
}

export interface CopyPlan {
  /** The directory that the archive is unpacked into. */
  readonly directory: string;
  /** Undefined: names stay as they are. Else `from`, which they begin with, becomes `to`. */
  readonly rename: { readonly from: string; readonly to: string } | undefined;
}

/** Throws CommandError for what cannot be copied there. */
export function planCopy(source: CopySource, destination: CopyDestination): CopyPlan {
  if (destination.kind === "directory") return { directory: destination.path, rename: undefined };
  if (destination.kind === "other" && source.isDirectory) throw new CommandError("cannot copy directory");
  const isNewDirectory = destination.kind === undefined && assertsDirectory(destination.path);
  if (isNewDirectory && !source.isDirectory) throw new CommandError("no such directory");
  const { directory, base } = splitEntry(destination.path);
  return { directory, rename: { from: source.name || splitEntry(source.path).base, to: base } };
}

/** Replaces what a name begins with. The root's "/" stands before the names, not for one. */
export function renameEntry(name: string, { from, to }: { readonly from: string; readonly to: string }): string {
  if (from === "/") return to + name;
  return name.startsWith(from) ? to + name.slice(from.length) : name;
}
