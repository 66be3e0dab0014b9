/** Volumes as wholes: clone, snapshot, restore, export and import, which Docker does not have. Read when the first one is asked for. */
import { conflict, invalidParameter } from "../../base/errors.ts";
import { createId } from "../../base/ids.ts";
import type { OutgoingBody } from "../../base/lent-socket.ts";
import { FileError } from "../../files/threads/file-error.ts";
import { treeSize } from "../../files/tree-size.ts";
import type { VolumeWish } from "../../volume/wish.ts";
import type { ProgressLine } from "../../wire/image.ts";
import type { VolumeCreateRequest, VolumeSnapshot } from "../../wire/volume.ts";
import { toOutgoing } from "../archive/outgoing.ts";
import type { EngineContext } from "../context.ts";
import { progressOf } from "./progress.ts";

type Store = Pick<EngineContext, "volumes" | "files">;

const toRequest = ({ Name, Driver, DriverOpts, Labels }: VolumeCreateRequest): VolumeWish => ({
  name: Name,
  driver: Driver,
  labels: Labels,
  options: DriverOpts,
});

/** The last line is the new volume's name. */
export async function* cloneVolume(
  { volumes }: Store,
  source: string,
  request: VolumeCreateRequest,
  signal: AbortSignal,
): AsyncGenerator<ProgressLine> {
  volumes.get(source);
  const copies = await volumes.copies();
  yield* progressOf({
    id: request.Name,
    status: `Copying ${source}`,
    totalBytes: await volumes.size(source),
    run: async (onProgress) => void (await copies.clone(source, toRequest(request), { signal, onProgress })),
  });
  yield { stream: `${request.Name}\n` };
}

/** The last line is the snapshot's name. */
export async function* snapshotVolume(
  { volumes }: Store,
  name: string,
  snapshot: string,
  signal: AbortSignal,
): AsyncGenerator<ProgressLine> {
  volumes.get(name);
  const copies = await volumes.copies();
  yield* progressOf({
    id: name,
    status: "Copying",
    totalBytes: await volumes.size(name),
    run: async (onProgress) => void (await copies.snapshot(name, snapshot, { signal, onProgress })),
  });
  yield { stream: `${snapshot}\n` };
}

/** The last line is the volume's name. */
export async function* restoreVolume(
  { volumes }: Store,
  name: string,
  snapshot: string,
  signal: AbortSignal,
): AsyncGenerator<ProgressLine> {
  const copies = await volumes.copies();
  yield* progressOf({
    id: name,
    status: `Restoring ${snapshot}`,
    totalBytes: await treeSize(copies.snapshotPath(name, snapshot)),
    run: (onProgress) => copies.restore(name, snapshot, { signal, onProgress }),
  });
  yield { stream: `${name}\n` };
}

export async function listSnapshots({ volumes }: Store, name: string): Promise<VolumeSnapshot[]> {
  const found = (await volumes.copies()).snapshots(name);
  return found.map((snapshot) => ({ Name: snapshot.name, CreatedAt: snapshot.createdAt }));
}

export interface ExportRequest {
  /** Bytes that the client has already, of an export with this tag. */
  readonly from: number;
  readonly tag: string;
  readonly signal: AbortSignal;
}

export interface VolumeExport {
  /** The same as long as no file has changed: then the archive is the same as well. */
  readonly tag: string;
  /** Where the archive begins; more than 0 only for a client that has the rest. */
  readonly from: number;
  /** Of the files in it. */
  readonly bytes: number;
  readonly tar: OutgoingBody;
}

/** Read the archive to its end or return it: the volume is in use meanwhile. */
export async function exportVolume(
  { volumes, files }: Store,
  name: string,
  { from, tag, signal }: ExportRequest,
): Promise<VolumeExport> {
  await using undo = new AsyncDisposableStack();
  const user = `export ${createId()}`;
  await volumes.acquire(name, user);
  undo.defer(() => void volumes.release(name, user));
  const { fingerprint, bytes } = await (await volumes.copies()).survey(name, signal);
  const begin = tag === fingerprint ? from : 0;
  const view = { root: volumes.dataPath(name), readOnly: true };
  const packing = await files.pack(view, { name: ".", exactTimes: true });
  const whole = toOutgoing(packing, undo.move());
  return { tag: fingerprint, from: begin, bytes, tar: begin === 0 ? whole : { body: behind(whole.body, begin) } };
}

/** What comes after so many bytes. */
async function* behind(source: AsyncIterable<Uint8Array>, bytes: number): AsyncGenerator<Uint8Array> {
  let left = bytes;
  for await (const block of source) {
    if (left < block.length) yield left === 0 ? block : block.subarray(left);
    left = Math.max(0, left - block.length);
  }
}

export interface ImportRequest {
  /** Plain or compressed. */
  readonly archive: AsyncIterable<Uint8Array>;
  /** Bytes of the archive, 0 when that is not known. */
  readonly totalBytes: number;
  /** What tells this archive from others, so that an import of it can be gone on with; "" for one that cannot. Hex. */
  readonly source: string;
  /** Also take the place of contents that there are. */
  readonly replace: boolean;
  readonly signal: AbortSignal;
}

/** Makes the volume when it is missing. The last line is its name. */
export async function* importVolume(
  { volumes, files }: Store,
  request: VolumeCreateRequest,
  { archive, totalBytes, source, replace, signal }: ImportRequest,
): AsyncGenerator<ProgressLine> {
  const { Name: name } = request;
  if (!/^[0-9a-f]{0,64}$/.test(source)) throw invalidParameter("the source of an import must be named in hex digits");
  if (volumes.has(name) && volumes.hasContent(name) && !replace) {
    throw conflict(`volume ${name} has contents already: they would have to be replaced`);
  }
  const copies = await volumes.copies();
  const options = { path: "", takesRoot: true, resumes: true };
  const run = async (onProgress: (copied: { bytes: number }) => void): Promise<void> => {
    const fill = async (directory: string): Promise<void> => {
      await unpack(() =>
        files.unpack({ view: { root: directory }, options, archive: { body: counted(archive, onProgress) } }),
      );
      await copies.sync(directory);
    };
    const contents = { key: `import~${source || createId()}`, fill, signal };
    if (volumes.has(name)) await copies.replace(name, contents);
    else await copies.create(toRequest(request), contents);
  };
  yield* progressOf({ id: name, status: "Unpacking", totalBytes, run });
  yield { stream: `${name}\n` };
}

async function unpack(work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (error instanceof FileError && error.isArchive) throw invalidParameter(error.message, { cause: error });
    throw error;
  }
}

const TELL_EVERY_MS = 100;

async function* counted(
  source: AsyncIterable<Uint8Array>,
  onProgress: (copied: { bytes: number }) => void,
): AsyncGenerator<Uint8Array> {
  let [bytes, lastMs] = [0, performance.now()];
  for await (const chunk of source) {
    yield chunk;
    bytes += chunk.length;
    if (performance.now() - lastMs < TELL_EVERY_MS) continue;
    lastMs = performance.now();
    onProgress({ bytes });
  }
}
