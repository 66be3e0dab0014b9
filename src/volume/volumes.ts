/**
 * Volumes of the local driver: records in the database, files in directories (layout.ts). A removal first moves the directory
 * away, and a directory without a record becomes a volume again: a power cut may lose the last records, but it must not lose files.
 */
import { nowNs, toRfc3339 } from "../base/clock.ts";
import { conflict, EngineError, invalidParameter, messageOf, notFound, systemError } from "../base/errors.ts";
import { type ContainerId, createId } from "../base/ids.ts";
import { KeyedLocks } from "../base/locks.ts";
import type { Logger } from "../base/log.ts";
import { treeSize } from "../files/tree-size.ts";
import type { VolumeRecord } from "../state/volume-record.ts";
import type { VolumeRows } from "../state/volume-rows.ts";
import { checkVolumeName } from "../wire/validate/binds.ts";
import type { VolumeCopies } from "./copies.ts";
import { fillDirectory, fillSubpath } from "./fill.ts";
import { type Layout, openLayout } from "./layout.ts";
import { checkOptions, quotaBytes, wantedMount } from "./options.ts";
import { Users } from "./users.ts";
import type { VolumeWish } from "./wish.ts";
import { runJob } from "./worker/volume-worker.ts";

const DRIVER = "local";
const NS_PER_S = 1_000_000_000n;

export interface VolumesDeps {
  /** Made when missing. */
  readonly dir: string;
  readonly rows: VolumeRows;
  readonly emit: (action: "create" | "destroy", name: string) => void;
  readonly log: Logger;
}

/** A directory of a volume; "" is the whole of it. */
export interface VolumePlace {
  readonly name: string;
  readonly subpath: string;
}

/** What the engine calls Volumes. */
export class LocalVolumes {
  readonly #records: Map<string, VolumeRecord>;
  readonly #layout: Layout;
  readonly #users = new Users((name) => this.#mount(name));
  /** One filling or replacing at a time of each volume. */
  readonly #locks = new KeyedLocks();
  readonly #deps: VolumesDeps;
  #copies: VolumeCopies | undefined;

  constructor(deps: VolumesDeps) {
    this.#deps = deps;
    this.#layout = openLayout(deps.dir);
    this.#records = new Map(deps.rows.all().map((record) => [record.name, record]));
  }

  create(wish: VolumeWish): VolumeRecord {
    const name = wish.name === "" ? createId() : wish.name;
    this.#check(name, wish);
    const existing = this.#records.get(name);
    if (existing !== undefined) return existing;
    return this.enter({ ...wish, name }, (home) => this.#layout.make(home, wish.options));
  }

  /** Throws what create() would, and a conflict when there is one of that name. */
  checkNew(wish: VolumeWish): void {
    this.#check(wish.name, wish);
    if (this.#records.has(wish.name)) throw conflict(`create ${wish.name}: there is a volume of that name`);
  }

  /** Writes a new volume's record, has its directory put in its place, and tells it. A record alone is nothing to the next engine. */
  enter({ name, labels, options, owner }: VolumeWish, place: (home: string) => void): VolumeRecord {
    const createdAt = toRfc3339((nowNs() / NS_PER_S) * NS_PER_S);
    const record: VolumeRecord = { name, createdAt, labels, options, ...(owner === undefined ? {} : { owner }) };
    this.#put(record);
    try {
      place(this.#layout.home(name));
    } catch (error) {
      this.#forget(name);
      throw error;
    }
    this.#deps.emit("create", name);
    return record;
  }

  get(name: string): VolumeRecord {
    const record = this.#records.get(name);
    if (record === undefined) throw notFound(`get ${name}: no such volume`);
    return record;
  }

  has(name: string): boolean {
    return this.#records.has(name);
  }

  all(): VolumeRecord[] {
    return [...this.#records.values()];
  }

  dataPath(name: string): string {
    return this.#layout.data(name);
  }

  /** Its files lie in a directory of the engine's own, not somewhere else that is mounted. */
  isPlain(name: string): boolean {
    return wantedMount(this.get(name).options) === undefined;
  }

  hasContent(name: string): boolean {
    return this.isPlain(name) && !this.#layout.isEmpty(name);
  }

  acquire(name: string, user: string): Promise<void> {
    return this.#users.add(this.get(name).name, user);
  }

  release(name: string, user: string): boolean {
    if (!this.#users.remove(name, user)) return false;
    if (this.#users.count(name) === 0 && this.has(name) && !this.isPlain(name)) this.#layout.unmount(name);
    return true;
  }

  adopt(name: string, user: string): void {
    if (this.#records.has(name)) this.#users.adopt(name, user);
  }

  /** Whether anybody has it acquired. */
  isUsed(name: string): boolean {
    return this.#users.count(name) > 0;
  }

  setOwner(name: string, owner: ContainerId | undefined): void {
    const { owner: before, ...record } = this.get(name);
    if (before !== owner) this.#put(owner === undefined ? record : { ...record, owner });
  }

  async fill({ name, subpath }: VolumePlace, directory: string): Promise<void> {
    using _held = await this.#locks.acquire(name);
    const user = "fill";
    const isFree = (): boolean => this.#users.count(name) === 1 && this.isPlain(name);
    await this.acquire(name, user);
    try {
      if (subpath !== "") await fillSubpath(this.dataPath(name), subpath, directory);
      else if (this.#layout.isEmpty(name)) await fillDirectory(this.#layout, name, directory, isFree);
    } finally {
      this.release(name, user);
    }
  }

  async remove(name: string): Promise<void> {
    this.get(name);
    const discarded = this.#layout.discardVolume(name);
    this.#forget(name);
    this.#deps.emit("destroy", name);
    await this.#layout.delete(discarded);
  }

  size(name: string): Promise<number> {
    return treeSize(this.#layout.data(name));
  }

  /** Rarely needed, and its code read only then. */
  async copies(): Promise<VolumeCopies> {
    const { VolumeCopies: Copies } = await import("./copies.ts");
    const { log } = this.#deps;
    this.#copies ??= new Copies({ volumes: this, layout: this.#layout, locks: this.#locks, log });
    return this.#copies;
  }

  async sweep(exists: (owner: ContainerId) => boolean): Promise<void> {
    const present = new Set(this.#layout.names());
    for (const name of present) if (!this.#records.has(name)) this.#adoptDirectory(name);
    for (const record of this.all()) {
      // The directory was not there yet, or it had been moved to be removed.
      if (present.has(record.name)) await this.#sweepOne(record, exists);
      else this.#forget(record.name);
    }
    this.#layout.sweep();
  }

  async #sweepOne({ name, owner, options }: VolumeRecord, exists: (owner: ContainerId) => boolean): Promise<void> {
    this.#layout.make(this.#layout.home(name), options);
    if (owner !== undefined && !exists(owner)) await this.remove(name);
    else if (!this.isUsed(name) && !this.isPlain(name)) this.#layout.unmount(name);
  }

  clear(): Promise<void> {
    return this.#layout.clear();
  }

  #check(name: string, { driver, options }: VolumeWish): void {
    checkVolumeName(name);
    if (driver !== "" && driver !== DRIVER) {
      const why = `error looking up volume plugin ${driver}: plugin ${JSON.stringify(driver)} not found`;
      throw notFound(`create ${name}: ${why}`);
    }
    if (this.#records.has(name)) return;
    try {
      checkOptions(options);
      if (quotaBytes(options) > 0 && !this.#layout.hasQuota) {
        throw invalidParameter("quota size requested but no quota support");
      }
    } catch (error) {
      if (!(error instanceof EngineError)) throw error;
      throw new EngineError(error.kind, `create ${name}: ${error.message}`, { cause: error });
    }
  }

  #put(record: VolumeRecord): void {
    this.#deps.rows.put(record);
    this.#records.set(record.name, record);
  }

  #forget(name: string): void {
    this.#records.delete(name);
    this.#deps.rows.delete(name);
  }

  async #mount(name: string): Promise<void> {
    const wanted = wantedMount(this.get(name).options);
    if (wanted === undefined) return;
    const target = this.#layout.data(name);
    try {
      await runJob({ kind: "mount", wanted, target });
    } catch (error) {
      const why = `failed to mount local volume: ${messageOf(error)}`;
      throw systemError(`error while mounting volume '${target}': ${why}`, { cause: error });
    }
  }

  #adoptDirectory(name: string): void {
    const { createdAt, options } = this.#layout.describe(name);
    this.#deps.log.warn("volume.adopted", { volume: name, meaning: "its record was lost, its files were not" });
    const labels = ANONYMOUS_NAME.test(name) ? { "com.docker.volume.anonymous": "" } : null;
    this.#put({ name, createdAt, labels, options });
  }
}

const ANONYMOUS_NAME = /^[0-9a-f]{64}$/;
