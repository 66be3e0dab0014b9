/**
 * Volumes copied as a whole: clones, snapshots, what an archive brings. Everything is made aside, with shared contents where the
 * file system can, and takes its place in one step, so that nobody ever sees a half; one that was interrupted is gone on with when it
 * is asked for again.
 */
import { existsSync, mkdirSync, readdirSync, renameSync, statSync, utimesSync } from "node:fs";
import { basename, dirname } from "node:path";
import { Background } from "../base/background.ts";
import { toRfc3339 } from "../base/clock.ts";
import { conflict, hasCode, invalidParameter, notFound } from "../base/errors.ts";
import type { KeyedLocks } from "../base/locks.ts";
import type { Logger } from "../base/log.ts";
import type { Copied } from "../files/copy-tree.ts";
import type { Survey } from "../files/survey-tree.ts";
import { exchange, openPath } from "../kernel/at.ts";
import type { VolumeRecord } from "../state/volume-record.ts";
import type { Layout } from "./layout.ts";
import type { VolumeWish } from "./wish.ts";
import { runJob } from "./worker/volume-worker.ts";

/** The volumes, as far as copying goes. */
interface CopiedVolumes {
  get(name: string): VolumeRecord;
  dataPath(name: string): string;
  /** Throws when there can be no new volume like this. */
  checkNew(wish: VolumeWish): void;
  /** Writes the record of a new volume and has its directory put in its place. */
  enter(wish: VolumeWish, place: (home: string) => void): VolumeRecord;
  /** Its files lie in the engine's own directory. */
  isPlain(name: string): boolean;
  isUsed(name: string): boolean;
  acquire(name: string, user: string): Promise<void>;
  release(name: string, user: string): boolean;
}

export interface CopyControl {
  /** What is done when it aborts is kept for an hour, to be gone on with. */
  readonly signal: AbortSignal;
  readonly onProgress: (copied: Copied) => void;
}

export interface Snapshot {
  readonly name: string;
  /** RFC 3339. */
  readonly createdAt: string;
}

/** Puts contents into a directory, empty or as an interrupted run of the same left it. */
export type Fill = (directory: string) => Promise<void>;

const SNAPSHOT_NAME = /^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,127}$/;
const KEPT_MS = 3600 * 1000;

interface CopiesDeps {
  readonly volumes: CopiedVolumes;
  readonly layout: Layout;
  readonly locks: KeyedLocks;
  readonly log: Logger;
}

export class VolumeCopies {
  readonly #volumes: CopiedVolumes;
  readonly #layout: Layout;
  readonly #locks: KeyedLocks;
  /** Staging directories in use. */
  readonly #active = new Set<string>();
  readonly #deletions: Background;

  constructor({ volumes, layout, locks, log }: CopiesDeps) {
    this.#volumes = volumes;
    this.#layout = layout;
    this.#locks = locks;
    this.#deletions = new Background(log);
  }

  /** A new volume with the contents of another. */
  async clone(source: string, wish: VolumeWish, control: CopyControl): Promise<VolumeRecord> {
    this.#volumes.get(source);
    const fill: Fill = (directory) => this.#reading(source, (from) => this.#copy(from, directory, control));
    return this.create(wish, { key: `clone~${source}`, fill, signal: control.signal });
  }

  /** A new volume with whatever `fill` puts into it. `key` says where that comes from. */
  async create(wish: VolumeWish, { key, fill, signal }: Contents): Promise<VolumeRecord> {
    using _held = await this.#locks.acquire(wish.name);
    this.#volumes.checkNew(wish);
    const staged = this.#layout.stagedVolume(wish.name, key);
    this.#layout.make(staged, wish.options);
    await this.#staging(staged, signal, () => fill(`${staged}/_data`));
    return this.#volumes.enter(wish, (home) => renameSync(staged, home));
  }

  /** Other contents for a volume that nobody has in use; what was in it is deleted. */
  async replace(name: string, { key, fill, signal }: Contents): Promise<void> {
    using _held = await this.#locks.acquire(name);
    this.#checkPlain(name);
    this.#checkUnused(name);
    const staged = this.#layout.staged(name, key);
    await this.#staging(staged, signal, async () => {
      await fill(staged);
      // Somebody may have begun to use it: from here on nothing comes between.
      this.#checkUnused(name);
    });
    using home = openPath(this.#layout.home(name));
    exchange(home.fd, basename(staged), home.fd, "_data");
    this.#discard(staged);
  }

  async snapshot(name: string, snapshot: string, control: CopyControl): Promise<Snapshot> {
    using _held = await this.#locks.acquire(name);
    if (!SNAPSHOT_NAME.test(snapshot)) {
      throw invalidParameter(
        `${JSON.stringify(snapshot)} is no name for a snapshot: "[a-zA-Z0-9][a-zA-Z0-9_.-]" are allowed`,
      );
    }
    this.#checkPlain(name);
    const path = this.#snapshotPath(name, snapshot);
    if (existsSync(path)) throw conflict(`volume ${name} has a snapshot ${snapshot} already`);
    const staged = `${dirname(path)}/.${snapshot}`;
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    await this.#staging(staged, control.signal, async () => {
      mkdirSync(`${staged}/data`, { recursive: true, mode: 0o700 });
      await this.#copy(this.#layout.data(name), `${staged}/data`, control);
    });
    utimesSync(staged, new Date(), new Date());
    renameSync(staged, path);
    return toSnapshot(path);
  }

  /** The oldest first. */
  snapshots(name: string): Snapshot[] {
    this.#volumes.get(name);
    const directory = this.#layout.snapshots(name);
    const names = namesIn(directory).filter((found) => !found.startsWith("."));
    return names
      .map((found) => toSnapshot(`${directory}/${found}`))
      .sort((a, b) => (a.createdAt < b.createdAt ? -1 : 1));
  }

  async removeSnapshot(name: string, snapshot: string): Promise<void> {
    await this.#layout.delete(this.#layout.discard(this.#existingSnapshot(name, snapshot)));
  }

  /** Gives a volume that nobody has in use the contents it had at its snapshot, which stays. */
  async restore(name: string, snapshot: string, control: CopyControl): Promise<void> {
    const from = this.snapshotPath(name, snapshot);
    const fill: Fill = (directory) => this.#copy(from, directory, control);
    await this.replace(name, { key: `restore~${snapshot}`, fill, signal: control.signal });
  }

  /** Of a snapshot's files. */
  snapshotPath(name: string, snapshot: string): string {
    return `${this.#existingSnapshot(name, snapshot)}/data`;
  }

  /** What its files are at this moment. The volume is available to the caller. */
  async survey(name: string, signal: AbortSignal): Promise<Survey> {
    return runJob({ kind: "survey", directory: this.#volumes.dataPath(name) }, { signal });
  }

  /** Resolves once what was put into a directory is on the disk. */
  async sync(directory: string): Promise<void> {
    await runJob({ kind: "sync", directory });
  }

  async #copy(from: string, to: string, control: CopyControl): Promise<void> {
    await runJob({ kind: "copy", from, to }, control);
  }

  /** With the volume mounted, where it has to be. */
  async #reading(name: string, read: (directory: string) => Promise<void>): Promise<void> {
    const user = `copy of ${name}`;
    await this.#volumes.acquire(name, user);
    try {
      await read(this.#layout.data(name));
    } finally {
      this.#volumes.release(name, user);
    }
  }

  /** Runs `work` on a directory that is made when missing. What has failed is discarded, what was interrupted kept for a while. */
  async #staging(directory: string, signal: AbortSignal, work: () => Promise<void>): Promise<void> {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    this.#active.add(directory);
    try {
      await work();
    } catch (error) {
      if (signal.aborted) this.#discardLater(directory);
      else this.#discard(directory);
      throw error;
    } finally {
      this.#active.delete(directory);
    }
  }

  #discardLater(directory: string): void {
    const discard = (): void => {
      if (!this.#active.has(directory) && existsSync(directory)) this.#discard(directory);
    };
    setTimeout(discard, KEPT_MS).unref();
  }

  /** Out of sight at once, deleted in its own time. */
  #discard(directory: string): void {
    const discarded = this.#layout.discard(directory);
    this.#deletions.run("volume.delete.failed", () => this.#layout.delete(discarded));
  }

  #checkUnused(name: string): void {
    if (this.#volumes.isUsed(name)) throw conflict(`volume ${name} is in use by a running container: stop it first`);
  }

  #checkPlain(name: string): void {
    if (this.#volumes.isPlain(name)) return;
    throw invalidParameter(
      `the files of volume ${name} lie elsewhere, as its options say: only clone and export can be used`,
    );
  }

  #snapshotPath(name: string, snapshot: string): string {
    this.#volumes.get(name);
    return `${this.#layout.snapshots(name)}/${snapshot}`;
  }

  #existingSnapshot(name: string, snapshot: string): string {
    const path = this.#snapshotPath(name, snapshot);
    if (SNAPSHOT_NAME.test(snapshot) && existsSync(path)) return path;
    throw notFound(`volume ${name} has no snapshot ${snapshot}`);
  }
}

interface Contents {
  readonly key: string;
  readonly fill: Fill;
  readonly signal: AbortSignal;
}

function toSnapshot(path: string): Snapshot {
  const { mtimeMs } = statSync(path);
  return { name: basename(path), createdAt: toRfc3339(BigInt(Math.floor(mtimeMs * 1000)) * 1000n) };
}

function namesIn(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch (error) {
    if (!hasCode(error, "ENOENT")) throw error;
    return [];
  }
}
