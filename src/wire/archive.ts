/** Files in containers: the shapes of /containers/{id}/archive and /containers/{id}/changes. */

/** What a path of a container is; sent as base64 of its JSON in the header X-Docker-Container-Path-Stat. */
export interface PathStat {
  /** The last name of the path as it was asked for. */
  readonly name: string;
  readonly size: number;
  /** Go's os.FileMode: permission bits below, kind and special bits above. */
  readonly mode: number;
  /** RFC 3339. */
  readonly mtime: string;
  /** Where a link leads in the end, as an absolute path in the container; "" for everything else. */
  readonly linkTarget: string;
}

export const PATH_STAT_HEADER = "X-Docker-Container-Path-Stat";

export const CHANGE_KINDS = { modified: 0, added: 1, deleted: 2 } as const;

export interface FilesystemChange {
  readonly Path: string;
  /** One of CHANGE_KINDS. */
  readonly Kind: number;
}
