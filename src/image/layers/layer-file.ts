/**
 * A layer's directory in the store:
 *
 *   layer   at byte 0 what the layer is, as a line of JSON; at 1024 the superblock of EROFS; from 4096 the tar, exactly the bytes
 *           that the DiffID is of; behind it the metadata of EROFS, whose inodes point into the tar
 *   tree/   the layer's files, extracted, where they cannot be mounted from `layer`
 *   links   hard links to files of lower layers, as JSON; absent when there are none
 */
import type { Slice } from "../../files/compression.ts";
import { readBytes } from "../../files/file-bytes.ts";
import type { ErofsPlace } from "./erofs/write.ts";

/** Where the tar begins. */
export const TAR_OFFSET = 4096;
const HEAD_BYTES = 512;
const VERSION = 1;

export interface LayerHead {
  /** "sha256:…" of the tar. */
  readonly diffId: string;
  readonly tarBytes: number;
  /** What the layer adds, as Docker counts. */
  readonly sizeBytes: number;
  /** EROFS can say all that the layer holds, and so has its superblock and metadata here. */
  readonly mountable: boolean;
  /** Some of its names are links to files of lower layers. */
  readonly linksBelow: boolean;
}

const METADATA_ALIGNMENT = 4096;

/** Where the metadata begins. */
export function metadataOffset(tarBytes: number): number {
  return TAR_OFFSET + Math.ceil(tarBytes / METADATA_ALIGNMENT) * METADATA_ALIGNMENT;
}

export const layerFile = (directory: string): string => `${directory}/layer`;
export const layerTree = (directory: string): string => `${directory}/tree`;
export const layerLinks = (directory: string): string => `${directory}/links`;

const UUID_BYTES = 16;

/** Where EROFS finds things in the file. The kernel tells layers apart by the first half of their DiffIDs. */
export function layerPlace({ diffId, tarBytes }: Pick<LayerHead, "diffId" | "tarBytes">): ErofsPlace {
  const uuid = Buffer.from(diffId.slice("sha256:".length), "hex").subarray(0, UUID_BYTES);
  return { tarOffset: TAR_OFFSET, metadataOffset: metadataOffset(tarBytes), uuid };
}

/** The first bytes of a layer file. */
export function writeHead(head: LayerHead): Buffer {
  const block = Buffer.alloc(HEAD_BYTES);
  block.write(`${JSON.stringify({ tareLayer: VERSION, ...head })}\n`);
  return block;
}

/** What can be said of a layer whose head has been damaged. */
const DAMAGED: LayerHead = { diffId: "", tarBytes: 0, sizeBytes: 0, mountable: false, linksBelow: false };

/** A head that somebody has damaged is that of no layer: its `diffId` is empty. */
export function readLayerHead(directory: string): LayerHead {
  const block = readBytes({ path: layerFile(directory), offset: 0, length: HEAD_BYTES });
  try {
    return decodeHead(JSON.parse(block.toString("utf8", 0, block.indexOf("\n"))));
  } catch (error) {
    if (error instanceof SyntaxError) return DAMAGED;
    throw error;
  }
}

function decodeHead({
  tareLayer,
  diffId,
  tarBytes,
  sizeBytes,
  mountable,
  linksBelow,
}: Record<string, unknown>): LayerHead {
  const isSound =
    tareLayer === VERSION &&
    typeof diffId === "string" &&
    typeof tarBytes === "number" &&
    typeof sizeBytes === "number";
  return isSound
    ? { diffId, tarBytes, sizeBytes, mountable: mountable === true, linksBelow: linksBelow === true }
    : DAMAGED;
}

export function tarSlice(directory: string, { tarBytes }: LayerHead): Slice {
  return { path: layerFile(directory), offset: TAR_OFFSET, length: tarBytes };
}
