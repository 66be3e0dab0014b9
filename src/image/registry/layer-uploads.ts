/**
 * Layers of the store into repositories: found there already, mounted from a neighbour, or compressed and uploaded; each only once
 * however many ask for it. What was compressed for an upload that failed is kept for the next one.
 */
import { existsSync, mkdirSync, statSync } from "node:fs";
import { rename, rm } from "node:fs/promises";
import { shortId } from "../../base/ids.ts";
import { SharedWork } from "../../base/shared-work.ts";
import { Slots } from "../../base/slots.ts";
import type { ProgressLine } from "../../wire/image.ts";
import type { ImageContent, LayerBlob } from "../content.ts";
import type { LayerStore } from "../layers/layer-store.ts";
import type { ArchiveWorkers } from "../layers/workers.ts";
import type { Report } from "../progress.ts";
import type { Digest } from "../reference.ts";
import { hasBlob, mountBlob } from "./blobs.ts";
import { compressLayer } from "./compress.ts";
import { DOCKER_LAYER } from "./media-types.ts";
import { countLine, statusLine, throttled } from "./progress-lines.ts";
import type { Repository } from "./repository.ts";
import { removeFiles } from "./stale.ts";
import { upload } from "./upload.ts";
import { createUploadSessions, type UploadSessions } from "./upload-sessions.ts";

export interface LayerUploadDeps {
  readonly content: ImageContent;
  readonly layers: LayerStore;
  readonly workers: ArchiveWorkers;
  /** Where compressed layers wait. */
  readonly dir: string;
  readonly maxConcurrent: number;
  readonly firstPauseMs: number;
  readonly chunkBytes: number;
}

export interface LayerOffered {
  readonly diffId: Digest;
  /** What the image's own manifest calls it: tried first. */
  readonly preferred: LayerBlob | undefined;
  readonly target: Repository;
  /** "127.0.0.1:5000" and "127.0.0.1:5000/a/b" */
  readonly domain: string;
  readonly name: string;
}

const PROGRESS_EVERY_MS = 100;
const MOST_CANDIDATES = 4;
const MOST_NEIGHBOURS = 4;

interface Run {
  readonly report: Report;
  readonly signal: AbortSignal;
}

export class LayerUploads {
  readonly #deps: LayerUploadDeps;
  readonly #slots: Slots;
  readonly #sessions: UploadSessions;
  readonly #shared = new SharedWork<LayerBlob, ProgressLine>();
  readonly #compressing = new SharedWork<LayerBlob, number>();
  /** How many uploads read each file. */
  readonly #readers = new Map<string, number>();

  constructor(deps: LayerUploadDeps) {
    this.#deps = deps;
    this.#slots = new Slots(deps.maxConcurrent);
    this.#sessions = createUploadSessions(deps.dir);
  }

  /** The blob that the repository has for the layer when this resolves. */
  push(offered: LayerOffered, participant: Run): Promise<LayerBlob> {
    return this.#shared.join(`${offered.name} ${offered.diffId}`, participant, async (report, signal) => {
      if (this.#slots.busy) report(statusLine(shortId(offered.diffId), "Waiting"));
      using _slot = await this.#slots.acquire(signal);
      const blob = await this.#offer(offered, { report, signal });
      this.#deps.content.putBlob(offered.diffId, blob);
      this.#deps.content.putRepository(blob.digest, offered.name);
      return blob;
    });
  }

  /** Deletes compressed layers that no upload reads at this moment. How many bytes that were. */
  forget(): number {
    const { dir } = this.#deps;
    const isInUse = (name: string): boolean => this.#readers.has(`${dir}/${name}`) || name.includes(".making");
    return removeFiles(dir, isInUse);
  }

  async #offer(offered: LayerOffered, run: Run): Promise<LayerBlob> {
    const { target, diffId, preferred } = offered;
    const id = shortId(diffId);
    const known = [...(preferred === undefined ? [] : [preferred]), ...this.#deps.content.blobsOf(diffId)];
    const candidates = [...new Map(known.map((blob) => [blob.digest, blob])).values()].slice(0, MOST_CANDIDATES);
    for (const blob of candidates) {
      if (!(await hasBlob(target, blob.digest))) continue;
      run.report(statusLine(id, "Layer already exists"));
      return blob;
    }
    const mounted = await this.#mount(offered, candidates, run.report);
    if (mounted !== undefined) return mounted;
    const blob = candidates.find((each) => this.#isReady(each)) ?? (await this.#compress(offered, run));
    if (!candidates.includes(blob) && (await hasBlob(target, blob.digest))) {
      run.report(statusLine(id, "Layer already exists"));
      return blob;
    }
    await this.#upload(blob, offered, run);
    run.report(statusLine(id, "Pushed"));
    return blob;
  }

  /** From another repository of the same registry, without a byte being sent. */
  async #mount(
    { target, domain, name, diffId }: LayerOffered,
    candidates: readonly LayerBlob[],
    report: Report,
  ): Promise<LayerBlob | undefined> {
    for (const blob of candidates) {
      const neighbours = this.#deps.content
        .repositoriesOf(blob.digest)
        .filter((neighbour) => neighbour.startsWith(`${domain}/`) && neighbour !== name);
      for (const neighbour of neighbours.slice(0, MOST_NEIGHBOURS)) {
        const from = neighbour.slice(domain.length + 1);
        if (await mountBlob(target, blob.digest, from)) {
          report(statusLine(shortId(diffId), `Mounted from ${from}`));
          return blob;
        }
        this.#deps.content.dropRepository(blob.digest, neighbour);
      }
    }
    return undefined;
  }

  /** A compressed layer that a cut push has left. */
  #isReady({ digest, sizeBytes }: LayerBlob): boolean {
    const path = this.#pathOf(digest);
    return existsSync(path) && statSync(path).size === sizeBytes;
  }

  async #compress({ diffId }: LayerOffered, { report, signal }: Run): Promise<LayerBlob> {
    const { content, dir, layers, workers } = this.#deps;
    mkdirSync(dir, { recursive: true, mode: 0o700 });
    const tar = layers.tar(diffId);
    const tell = throttled(PROGRESS_EVERY_MS, (current) => {
      report(countLine(shortId(diffId), "Compressing", { current, total: tar.length }));
    });
    const participant = { report: (bytes: number) => tell(bytes, tar.length), signal };
    return this.#compressing.join(diffId, participant, async (onProgress, abort) => {
      const unpin = layers.pin([diffId]);
      try {
        const path = `${dir}/${diffId.slice("sha256:".length)}.making`;
        const made = await compressLayer(tar, path, { workers, signal: abort, onProgress });
        const blob = { ...made, mediaType: DOCKER_LAYER };
        await rename(path, this.#pathOf(blob.digest));
        content.putBlob(diffId, blob);
        return blob;
      } finally {
        unpin();
      }
    });
  }

  async #upload(blob: LayerBlob, { target, diffId }: LayerOffered, { report, signal }: Run): Promise<void> {
    const id = shortId(diffId);
    const path = this.#pathOf(blob.digest);
    const tell = throttled(PROGRESS_EVERY_MS, (current) => {
      report(countLine(id, "Pushing", { current, total: blob.sizeBytes }));
    });
    this.#readers.set(path, (this.#readers.get(path) ?? 0) + 1);
    let isDone = false;
    try {
      await upload(
        target,
        { path, digest: blob.digest, sizeBytes: blob.sizeBytes },
        {
          signal,
          sessions: this.#sessions,
          firstPauseMs: this.#deps.firstPauseMs,
          chunkBytes: this.#deps.chunkBytes,
          onProgress: (bytes) => tell(bytes, blob.sizeBytes),
          onPause: (seconds) => report(statusLine(id, `Retrying in ${seconds} second${seconds === 1 ? "" : "s"}`)),
        },
      );
      isDone = true;
    } finally {
      const readers = (this.#readers.get(path) ?? 1) - 1;
      if (readers > 0) this.#readers.set(path, readers);
      else this.#readers.delete(path);
      if (isDone && readers === 0) await rm(path, { force: true });
    }
  }

  #pathOf(digest: Digest): string {
    return `${this.#deps.dir}/${digest.slice("sha256:".length)}`;
  }
}
