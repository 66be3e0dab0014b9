/** Which way of mounting layers works on this machine: tried out once, on the file system where they lie, with a layer of one file. */
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { messageOf } from "../../base/errors.ts";
import { type ErofsSource, mountErofs } from "../../kernel/erofs.ts";
import type { OwnedFd } from "../../kernel/fd.ts";
import { createMount } from "../../kernel/mount-api.ts";
import { BLOCK_BYTES, SUPERBLOCK_OFFSET } from "./erofs/format.ts";
import { writeErofs } from "./erofs/write.ts";
import { metadataOffset, TAR_OFFSET } from "./layer-file.ts";
import { type Attributes, DirectoryNode, FileNode } from "./tree.ts";

/** How layers become lowers of overlay mounts. */
export type LayerForm =
  | {
      readonly kind: "mounted";
      readonly source: ErofsSource;
      /** Overlayfs takes mounts that are attached nowhere (Linux 6.15). */
      readonly detached: boolean;
    }
  | { readonly kind: "extracted"; readonly why: string };

/** The ways, the best first. */
const SOURCES: readonly ErofsSource[] = [
  { backing: "file", directIo: true },
  { backing: "file", directIo: false },
  { backing: "loop", directIo: true },
  { backing: "loop", directIo: false },
];

export type Backing = ErofsSource["backing"] | "none";

/** `scratch` is a path beside the layers, not made yet. `backings`: those that may be tried. */
export function probeLayers(scratch: string, backings: readonly Backing[] = ["file", "loop"]): LayerForm {
  let why = "not wanted";
  try {
    writeProbe(scratch);
    for (const source of SOURCES.filter(({ backing }) => backings.includes(backing))) {
      try {
        using mount = mountErofs(scratch, source);
        checkProbe(mount);
        return { kind: "mounted", source, detached: takesDetached(mount, dirname(scratch)) };
      } catch (error) {
        why = messageOf(error);
      }
    }
  } finally {
    rmSync(scratch, { force: true });
  }
  return { kind: "extracted", why };
}

/** What `info` and the doctor show. */
export function describeForm(form: LayerForm): string {
  if (form.kind === "extracted") return `extracted (${form.why})`;
  const { backing, directIo } = form.source;
  return `EROFS from ${backing === "file" ? "files" : "loop devices"}${directIo ? ", direct I/O" : ""}`;
}

const FILE = "probe";
const CONTENT = Buffer.from("Read from an odd block, as most files of a layer are.\n");
const ATTRIBUTES: Attributes = { mode: 0o755, uid: 0, gid: 0, mtimeSec: 0, mtimeNsec: 0, xattrs: new Map() };

/** One file whose data begins at an odd multiple of 512, which direct I/O to a disk of larger sectors refuses. */
function writeProbe(path: string): void {
  const root = new DirectoryNode(ATTRIBUTES);
  root.entries.set(FILE, new FileNode(ATTRIBUTES, { size: CONTENT.length, offset: BLOCK_BYTES, sparse: undefined }));
  const place = {
    tarOffset: TAR_OFFSET,
    metadataOffset: metadataOffset(2 * BLOCK_BYTES),
    uuid: crypto.getRandomValues(new Uint8Array(16)),
  };
  const { superblock, metadata } = writeErofs({ root }, place);
  const file = Buffer.alloc(place.metadataOffset + metadata.length);
  superblock.copy(file, SUPERBLOCK_OFFSET);
  CONTENT.copy(file, TAR_OFFSET + BLOCK_BYTES);
  metadata.copy(file, place.metadataOffset);
  writeFileSync(path, file, { mode: 0o600 });
}

function checkProbe(mount: OwnedFd): void {
  const content = readFileSync(`${mount.procPath}/${FILE}`);
  if (!content.equals(CONTENT)) throw new Error("an EROFS mount shows other bytes than were written");
}

/** `beside` is any directory that is not in the mount. */
function takesDetached(mount: OwnedFd, beside: string): boolean {
  try {
    const lowers = [mount.procPath, beside].map((path) => ["lowerdir+", path] as const);
    createMount({ type: "overlay", options: lowers }).close();
    return true;
  } catch {
    return false;
  }
}
