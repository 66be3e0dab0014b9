/** Work on a layer that is in the store already: checks it against its name, or writes its files out after all. */
import { closeSync, mkdirSync, openSync, renameSync, rmSync } from "node:fs";
import { TarReader } from "../../base/tar/reader.ts";
import { readFully } from "../../files/file-bytes.ts";
import { openPath } from "../../kernel/at.ts";
import { O } from "../../kernel/open-flags.ts";
import { syncfs } from "../../kernel/sync.ts";
import type { ArchiveLimits } from "../archive/limits.ts";
import { SUPERBLOCK_OFFSET } from "./erofs/format.ts";
import { writeErofs } from "./erofs/write.ts";
import { extractTree } from "./extract.ts";
import {
  type LayerHead,
  layerFile,
  layerPlace,
  layerTree,
  metadataOffset,
  readLayerHead,
  TAR_OFFSET,
  tarSlice,
} from "./layer-file.ts";
import { Arrival, readArriving } from "./source.ts";
import { TreeBuilder } from "./tree-builder.ts";

export interface StoredJob {
  /** The layer's in the store. */
  readonly directory: string;
  readonly limits: ArchiveLimits;
}

export interface StoredControl {
  /** Bytes of the tar read so far. */
  readonly onProgress: (bytes: number) => void;
  /** Fails when the work is to stop. */
  readonly arrival: Arrival;
}

/** The tar as an arrival of its own, which whoever runs the job may fail. */
export function storedArrival({ directory }: StoredJob): Arrival {
  return new Arrival(tarSlice(directory, readLayerHead(directory)));
}

/** What is wrong with a layer, in a few words; undefined when its tar is what its name says and its index what the tar says. */
export async function verifyLayer(job: StoredJob, control: StoredControl, diffId: string): Promise<string | undefined> {
  const head = readLayerHead(job.directory);
  if (head.diffId !== diffId) return "its head has changed";
  const { tree, found } = await readTar(job, head, control);
  if (found !== diffId) return `its bytes are those of ${found}`;
  return head.mountable && !isIndexOf(tree, job.directory, head) ? "its index has changed" : undefined;
}

/** Writes the files of a layer that is only there to be mounted so far. */
export async function extractLayer(job: StoredJob, control: StoredControl): Promise<void> {
  const { directory } = job;
  const { tree } = await readTar(job, readLayerHead(directory), control);
  const [unfinished, scratch] = [`${directory}/unfinished`, `${directory}/scratch`];
  for (const path of [unfinished, scratch]) rmSync(path, { recursive: true, force: true });
  mkdirSync(unfinished, { mode: 0o755 });
  const tar = { path: layerFile(directory), offset: TAR_OFFSET };
  extractTree({ root: tree.root, tar, directory: unfinished, scratch });
  using opened = openPath(directory, O.RDONLY | O.DIRECTORY);
  syncfs(opened.fd);
  renameSync(unfinished, layerTree(directory));
}

async function readTar(
  { directory, limits }: StoredJob,
  head: LayerHead,
  { arrival, onProgress }: StoredControl,
): Promise<{ tree: TreeBuilder; found: string }> {
  const tree = new TreeBuilder(limits);
  const reader = new TarReader(tree, limits);
  const hash = new Bun.CryptoHasher("sha256");
  for await (const chunk of readArriving(tarSlice(directory, head), arrival)) {
    hash.update(chunk);
    reader.push(chunk);
    onProgress(reader.offset);
  }
  tree.finish();
  return { tree, found: `sha256:${hash.digest("hex")}` };
}

/** The same tree makes the same index, so that it can be compared byte for byte. */
function isIndexOf(tree: TreeBuilder, directory: string, head: LayerHead): boolean {
  const { superblock, metadata } = writeErofs(tree, layerPlace(head));
  const fd = openSync(layerFile(directory), "r");
  try {
    return holds(fd, superblock, SUPERBLOCK_OFFSET) && holds(fd, metadata, metadataOffset(head.tarBytes));
  } finally {
    closeSync(fd);
  }
}

function holds(fd: number, expected: Buffer, position: number): boolean {
  const found = Buffer.alloc(expected.length);
  return readFully(fd, found, position) === expected.length && found.equals(expected);
}
