/**
 * A layer's directory in the store, and the one file in it that every layer has:
 *
 *   layer   what the layer is, as a line of JSON; its tar from byte 4096, exactly the bytes that its DiffID is of
 *   tree/   its files, extracted, where they cannot be mounted from `layer`
 */
import type { Slice } from "../../files/compression.ts";
import { readBytes } from "../../files/file-bytes.ts";

/** Where the tar begins. */
export const TAR_OFFSET = 4096;
const HEAD_BYTES = 512;

export interface LayerHead {
  /** "sha256:…" of the tar. */
  readonly diffId: string;
  readonly tarBytes: number;
  /** What the layer adds, as Docker counts. */
  readonly sizeBytes: number;
}

export const layerFile = (directory: string): string => `${directory}/layer`;
export const layerTree = (directory: string): string => `${directory}/tree`;

/** The first bytes of a layer file. */
export function writeHead(head: LayerHead): Buffer {
  const block = Buffer.alloc(HEAD_BYTES);
  block.write(`${JSON.stringify({ tareLayer: 1, ...head })}\n`);
  return block;
}

export function readLayerHead(directory: string): LayerHead {
  const block = readBytes({ path: layerFile(directory), offset: 0, length: HEAD_BYTES });
  const { diffId, tarBytes, sizeBytes }: LayerHead = JSON.parse(block.toString("utf8", 0, block.indexOf("\n")));
  return { diffId, tarBytes, sizeBytes };
}

export function tarSlice(directory: string): Slice {
  return { path: layerFile(directory), offset: TAR_OFFSET, length: readLayerHead(directory).tarBytes };
}
