/** EROFS mounts that are attached nowhere: from plain files (Linux 6.12), or from loop devices before that. */
import { openPath } from "./at.ts";
import type { OwnedFd } from "./fd.ts";
import { attachLoop } from "./loop.ts";
import { createMount, type FsOption } from "./mount-api.ts";
import { O } from "./open-flags.ts";

export interface ErofsSource {
  readonly backing: "file" | "loop";
  /** Around the page cache of the file, so that its bytes are not kept twice. */
  readonly directIo: boolean;
}

/** What a device that cannot be written demands. */
const READ_ONLY: FsOption = ["ro"];

/** The mount lives as long as its descriptor and what has been made from it. Throws SysError where the kernel cannot. */
export function mountErofs(path: string, { backing, directIo }: ErofsSource): OwnedFd {
  if (backing === "loop") {
    using device = attachLoop(path, { directIo });
    return createMount({ type: "erofs", options: [READ_ONLY, ["source", device.path]] });
  }
  using file = openPath(path, O.RDONLY);
  const options: readonly FsOption[] = directIo ? [["directio"]] : [];
  return createMount({ type: "erofs", options: [READ_ONLY, ["source", file.procPath], ...options] });
}
