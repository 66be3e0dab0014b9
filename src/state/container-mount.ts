/** What is mounted in a container beside its own root file system, as it was resolved when the container was created. */

export const PROPAGATIONS = ["private", "rprivate", "shared", "rshared", "slave", "rslave"] as const;
export type Propagation = (typeof PROPAGATIONS)[number];

interface Place {
  /** In the container; absolute and clean. */
  readonly destination: string;
  readonly readOnly: boolean;
  /** The option words as inspect shows them. */
  readonly mode: string;
}

/** A directory or file of the host. */
export interface BindMount extends Place {
  readonly type: "bind";
  /** Absolute host path. */
  readonly source: string;
  readonly propagation: Propagation;
  /** Also what is mounted below the source. */
  readonly recursive: boolean;
  readonly recursiveReadOnly: RecursiveReadOnly;
  /** Make a missing source directory, as `-v` does and `--mount` does not. */
  readonly createSource: boolean;
}

/** Whether a read-only mount also protects what is mounted below it: never, where the kernel can, or else no start. */
export type RecursiveReadOnly = "no" | "ifPossible" | "required";

export interface VolumeMount extends Place {
  readonly type: "volume";
  readonly volume: string;
  /** The user gave it no name: it goes with the container when the container's volumes go. */
  readonly anonymous: boolean;
  /** Relative path within the volume; "" is all of it. */
  readonly subpath: string;
}

export interface TmpfsMount extends Place {
  readonly type: "tmpfs";
  /** Of mount(2), Docker's defaults among them. */
  readonly options: readonly string[];
}

/** The files of an image, read-only. */
export interface ImageMount extends Place {
  readonly type: "image";
  /** The reference as the user wrote it, and the image that it named. */
  readonly image: string;
  readonly imageId: string;
  /** Relative path within the image; "" is all of it. */
  readonly subpath: string;
}

export type ContainerMount = BindMount | VolumeMount | TmpfsMount | ImageMount;
