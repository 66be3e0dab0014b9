/** A mount that a container is given beside the kernel's file systems: where it comes from has been decided. */
import type { Propagation, RecursiveReadOnly } from "../../state/container-mount.ts";

export interface UserMount {
  readonly type: "bind" | "tmpfs";
  /** Absolute host path of a bind, which may be that of an open descriptor (/proc/<pid>/fd/<n>); nothing for a tmpfs. */
  readonly source: string;
  /** Absolute and clean. */
  readonly destination: string;
  readonly readOnly: boolean;
  readonly propagation: Propagation;
  /** Also what is mounted below the source. */
  readonly recursive: boolean;
  readonly recursiveReadOnly: RecursiveReadOnly;
  /** Make a missing source directory. */
  readonly createSource: boolean;
  /** Further options of a tmpfs; of a bind what it forbids beside. */
  readonly options: readonly string[];
}

export const DEFAULT_PROPAGATION: Propagation = "rprivate";
