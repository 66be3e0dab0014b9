/**
 * Layers out of registries into the store: downloaded and unpacked in one go, several at once, each only once however many ask for it.
 * What is cut off stays on disk and is gone on with.
 */
import { EngineError, invalidParameter } from "../../base/errors.ts";
import { shortId } from "../../base/ids.ts";
import { KeyedLocks } from "../../base/locks.ts";
import { SharedWork } from "../../base/shared-work.ts";
import { Slots } from "../../base/slots.ts";
import type { ProgressLine } from "../../wire/image.ts";
import type { LayerStore, StagedLayer } from "../layers/layer-store.ts";
import type { LayerLeases } from "../leases.ts";
import type { Report } from "../progress.ts";
import type { LayerRecord } from "../records.ts";
import type { Digest } from "../reference.ts";
import type { Descriptor } from "./descriptors.ts";
import { download } from "./download.ts";
import { PartialBlob } from "./partial-blob.ts";
import { countLine, statusLine, throttled } from "./progress-lines.ts";
import { RegistryError } from "./registry-error.ts";
import type { Repository } from "./repository.ts";
import { removeFiles } from "./stale.ts";

export interface LayerFetchDeps {
  readonly layers: LayerStore;
  readonly leases: LayerLeases;
  /** Deletes layers that no image and no lease has. */
  readonly collect: () => Promise<void>;
  /** Where partial blobs are kept. */
  readonly dir: string;
  readonly maxConcurrent: number;
  readonly maxAttempts: number;
  readonly firstPauseMs: number;
  readonly segmentBytes: number;
}

export interface LayerWanted {
  readonly blob: Descriptor;
  readonly diffId: Digest;
  readonly repository: Repository;
}

type Source = Pick<LayerWanted, "blob" | "repository">;

const PROGRESS_EVERY_MS = 100;

export class LayerFetches {
  readonly #deps: LayerFetchDeps;
  readonly #slots: Slots;
  /** One at a time on each partial file. */
  readonly #files = new KeyedLocks();
  /** Names of the partial files in use. */
  readonly #open = new Set<string>();
  readonly #shared = new SharedWork<LayerRecord, ProgressLine>();

  constructor(deps: LayerFetchDeps) {
    this.#deps = deps;
    this.#slots = new Slots(deps.maxConcurrent);
  }

  /** The layer is stored, and leased, when this resolves. */
  async fetch(wanted: LayerWanted, participant: Run): Promise<LayerRecord> {
    const { blob, diffId, repository } = wanted;
    // Who asks with another size, or expects another layer in it, must not spoil it for those who are right.
    const key = `${blob.digest} ${blob.size}`;
    const layer = await this.#shared.join(key, participant, (report, signal) => {
      return this.#run({ blob, repository }, { report, signal });
    });
    if (layer.diffId === diffId) return layer;
    // Whoever else wants what it really is fetches it again.
    this.#deps.leases.drop([layer.diffId]);
    await this.#deps.collect();
    throw invalidParameter(`layer ${blob.digest} is ${layer.diffId}, not ${diffId} as the image says`);
  }

  /** Deletes what cut downloads have left, but for those that go on at this moment. How many bytes that were. */
  async forget(): Promise<number> {
    const { leases, dir, collect } = this.#deps;
    const leased = leases.all().reduce((total, diffId) => total + (leases.sizeOf(diffId) ?? 0), 0);
    // Pulls that run have pinned their layers themselves.
    leases.drop(leases.all());
    await collect();
    return leased + removeFiles(dir, (name) => this.#open.has(name.replace(/\.map$/, "")));
  }

  async #run(source: Source, run: Run): Promise<LayerRecord> {
    const { layers, leases } = this.#deps;
    const { blob } = source;
    const id = shortId(blob.digest);
    if (this.#slots.busy) run.report(statusLine(id, "Waiting"));
    using _slot = await this.#slots.acquire(run.signal);
    using _file = await this.#files.acquire(blob.digest);
    const hex = blob.digest.slice("sha256:".length);
    this.#open.add(hex);
    using _open = { [Symbol.dispose]: () => void this.#open.delete(hex) };
    const partial = await PartialBlob.open(this.#deps.dir, {
      digest: blob.digest,
      sizeBytes: blob.size,
      segmentBytes: this.#deps.segmentBytes,
    });
    let keep = true;
    try {
      const staged = await this.#takeIn(source, partial, run);
      const { diffId, sizeBytes } = staged;
      using _pin = { [Symbol.dispose]: layers.pin([diffId]) };
      await layers.commit([staged]);
      leases.put(diffId, sizeBytes);
      keep = false;
      run.report(statusLine(id, "Pull complete"));
      return { diffId, sizeBytes };
    } catch (error) {
      keep = !isDamage(error);
      throw error;
    } finally {
      await (keep ? partial.close() : partial.remove());
    }
  }

  /** What a cut attempt left may be damaged, by a power failure or by a registry that lied: then all is fetched anew, once. */
  async #takeIn(source: Source, partial: PartialBlob, run: Run): Promise<StagedLayer> {
    const isResumed = partial.arrivedBytes > 0;
    try {
      return await this.#stage(source, partial, run);
    } catch (error) {
      run.signal.throwIfAborted();
      if (!isDamage(error) || !isResumed) throw error;
      await partial.reset();
    }
    return this.#stage(source, partial, run);
  }

  /** Downloads and unpacks at the same time. */
  async #stage(source: Source, partial: PartialBlob, run: Run): Promise<StagedLayer> {
    const { layers } = this.#deps;
    const { blob } = source;
    const abort = new AbortController();
    const signal = AbortSignal.any([run.signal, abort.signal]);
    const progress = new LayerProgress(shortId(blob.digest), blob.size, run.report);
    if (partial.arrivedBytes > 0) progress.resuming(partial.arrivedBytes);
    partial.revive();
    const staging = layers.stage({ source: partial, signal, onProgress: (bytes) => progress.unpacked(bytes) });
    const downloading = this.#download(source, partial, { signal, progress });
    // A registry that fails ends the staging; an archive that is none ends the download.
    downloading.catch((error: Error) => partial.fail(error));
    staging.catch((error: Error) => abort.abort(error));
    const [downloaded, staged] = await Promise.allSettled([downloading, staging]);
    run.signal.throwIfAborted();
    if (staged.status === "rejected") throw await diagnosed(staged.reason, partial, blob);
    try {
      if (downloaded.status === "rejected") throw downloaded.reason;
      verify(blob, staged.value);
      return staged.value;
    } catch (error) {
      await layers.discard([staged.value]);
      throw error;
    }
  }

  async #download({ blob, repository }: Source, partial: PartialBlob, run: DownloadRun): Promise<void> {
    const { maxAttempts, firstPauseMs } = this.#deps;
    const { progress, signal } = run;
    await download(
      partial,
      { repository, digest: blob.digest },
      {
        signal,
        attempts: maxAttempts,
        firstPauseMs,
        onProgress: (bytes) => progress.arrived(bytes),
        onPause: (seconds) => progress.pausing(seconds),
      },
    );
    progress.downloaded();
  }
}

interface Run {
  readonly report: Report;
  readonly signal: AbortSignal;
}

interface DownloadRun {
  readonly progress: LayerProgress;
  readonly signal: AbortSignal;
}

/** The bytes that came are not the layer, or the registry cannot go on where they end. */
function isDamage(error: unknown): boolean {
  if (error instanceof RegistryError) return error.status === 416;
  return error instanceof EngineError && error.kind === "invalidParameter";
}

function verify(blob: Descriptor, got: StagedLayer): void {
  if (got.digest === blob.digest) return;
  throw unverified(blob);
}

const unverified = ({ digest }: Descriptor): Error =>
  invalidParameter(`filesystem layer verification failed for digest ${digest}`);

/** What cannot be unpacked is either what the registry promised, or not even that. */
async function diagnosed(reason: unknown, partial: PartialBlob, blob: Descriptor): Promise<unknown> {
  if (!isDamage(reason) || !partial.isWhole) return reason;
  const hash = new Bun.CryptoHasher("sha256");
  for await (const piece of Bun.file(partial.path).stream()) hash.update(piece);
  return `sha256:${hash.digest("hex")}` === blob.digest ? reason : unverified(blob);
}

/** One layer's lines, in Docker's order: unpacking is told of once the download is over. */
class LayerProgress {
  readonly #id: string;
  readonly #report: Report;
  readonly #arrived: (current: number, total: number) => void;
  readonly #unpacked: (current: number, total: number) => void;
  readonly #total: number;
  #isDownloaded = false;

  constructor(id: string, total: number, report: Report) {
    this.#id = id;
    this.#total = total;
    this.#report = report;
    this.#arrived = throttled(PROGRESS_EVERY_MS, (current) => report(countLine(id, "Downloading", { current, total })));
    this.#unpacked = throttled(PROGRESS_EVERY_MS, (current) => report(countLine(id, "Extracting", { current, total })));
  }

  /** Says how much an earlier attempt has left. */
  resuming(bytes: number): void {
    this.#report(countLine(this.#id, "Resuming", { current: bytes, total: this.#total }));
  }

  arrived(bytes: number): void {
    this.#arrived(bytes, this.#total);
  }

  pausing(seconds: number): void {
    this.#report(statusLine(this.#id, `Retrying in ${seconds} second${seconds === 1 ? "" : "s"}`));
  }

  downloaded(): void {
    this.#isDownloaded = true;
    this.#report(statusLine(this.#id, "Verifying Checksum"));
    this.#report(statusLine(this.#id, "Download complete"));
  }

  unpacked(bytes: number): void {
    if (this.#isDownloaded) this.#unpacked(bytes, this.#total);
  }
}
