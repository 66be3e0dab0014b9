/**
 * The directories of volumes.
 *
 *   <dir>/<name>/_data             what containers see; the place where a volume with options is mounted
 *   <dir>/<name>/staged~<key>      contents that are being copied, to take the place of _data at once
 *   <dir>/<name>/snapshots/<name>  a snapshot's files in `data`; with a dot before its name while it is made
 *   <dir>/<name>/options.json      for a record that was lost with the power
 *   <dir>/.staged/<name>~<key>     a volume that is being made from another one, or from an archive
 *   <dir>/.removed/<id>            being deleted
 */
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { uptime } from "node:os";
import { toRfc3339 } from "../base/clock.ts";
import { hasCode } from "../base/errors.ts";
import { createId } from "../base/ids.ts";
import { removeTree } from "../files/remove-tree.ts";
import { openPath } from "../kernel/at.ts";
import { umountIfMounted } from "../kernel/mounts.ts";
import { O } from "../kernel/open-flags.ts";
import { countEntries } from "../kernel/read-at.ts";
import type { VolumeRecord } from "../state/volume-record.ts";
import { quotaBytes } from "./options.ts";
import { createVolumeQuota, type VolumeQuota } from "./quota.ts";

type Options = VolumeRecord["options"];

export interface Layout {
  readonly dir: string;
  /** Whether volumes can be limited in size. */
  readonly hasQuota: boolean;
  /** Of all volumes. */
  names(): string[];
  home(name: string): string;
  data(name: string): string;
  /** A directory for contents that are to replace those of a volume. `key` says where they come from. */
  staged(name: string, key: string): string;
  /** A directory for a volume that has no name yet. */
  stagedVolume(name: string, key: string): string;
  snapshots(name: string): string;
  /** Makes a volume's directory, or completes it. Idempotent. */
  make(home: string, options: Options): void;
  isEmpty(name: string): boolean;
  /** What is known of a volume without its record. */
  describe(name: string): { readonly createdAt: string; readonly options: Options };
  /** Idempotent. */
  unmount(name: string): void;
  /** Moves a volume out of sight; returns what `delete` takes. */
  discardVolume(name: string): string;
  /** The same for any directory among those of volumes. */
  discard(path: string): string;
  delete(discarded: string): Promise<void>;
  /** Discards copies that nobody will go on with. At the start of an engine. */
  sweep(): void;
  /** Deletes all that has been discarded so far, which may take long. */
  clear(): Promise<void>;
}

const REMOVED = ".removed";
const STAGED = ".staged";
const OPTIONS_FILE = "options.json";
/** A copy that was interrupted is kept for so long, but not over a boot: what was written last may be missing then. */
const KEPT_MS = 24 * 3600 * 1000;

/** Nobody but root reaches a volume's files other than through a container: they may be set-user-id (row 23 of the security table). */
export function openLayout(dir: string): Layout {
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  chmodSync(dir, 0o700);
  for (const name of [REMOVED, STAGED]) mkdirSync(`${dir}/${name}`, { recursive: true, mode: 0o700 });
  return new VolumeDirectories(dir);
}

class VolumeDirectories implements Layout {
  readonly dir: string;
  readonly #quota: VolumeQuota;

  constructor(dir: string) {
    this.dir = dir;
    this.#quota = createVolumeQuota(dir);
  }

  get hasQuota(): boolean {
    return this.#quota.isSupported;
  }

  names(): string[] {
    return readdirSync(this.dir).filter((name) => !name.startsWith("."));
  }

  home(name: string): string {
    return `${this.dir}/${name}`;
  }

  data(name: string): string {
    return `${this.dir}/${name}/_data`;
  }

  staged(name: string, key: string): string {
    return `${this.home(name)}/staged~${key}`;
  }

  stagedVolume(name: string, key: string): string {
    return `${this.dir}/${STAGED}/${name}~${key}`;
  }

  snapshots(name: string): string {
    return `${this.home(name)}/snapshots`;
  }

  make(home: string, options: Options): void {
    const data = `${home}/_data`;
    if (existsSync(data)) return;
    mkdirSync(home, { recursive: true, mode: 0o700 });
    const bytes = quotaBytes(options);
    // Before anything is in it: what is made in it inherits its project.
    if (bytes > 0) this.#quota.limit(home, bytes, this.#homes(home));
    if (options !== null) writeFileSync(`${home}/${OPTIONS_FILE}`, JSON.stringify(options), { mode: 0o600 });
    // Last: with it the volume is whole.
    mkdirSync(data, { mode: 0o755 });
    // The umask has no say in what containers see.
    chmodSync(data, 0o755);
  }

  isEmpty(name: string): boolean {
    using directory = openPath(this.data(name), O.RDONLY | O.DIRECTORY);
    return countEntries(directory.fd, 1) === 0;
  }

  describe(name: string): { createdAt: string; options: Options } {
    const home = this.home(name);
    mkdirSync(`${home}/_data`, { recursive: true });
    const createdAt = toRfc3339(BigInt(Math.floor(statSync(home).mtimeMs / 1000)) * 1_000_000_000n);
    try {
      return { createdAt, options: JSON.parse(readFileSync(`${home}/${OPTIONS_FILE}`, "utf8")) };
    } catch (error) {
      if (!hasCode(error, "ENOENT")) throw error;
      return { createdAt, options: null };
    }
  }

  unmount(name: string): void {
    while (umountIfMounted(this.data(name)));
  }

  discardVolume(name: string): string {
    this.unmount(name);
    this.#quota.release(this.home(name));
    return this.discard(this.home(name));
  }

  discard(path: string): string {
    const id = createId();
    renameSync(path, `${this.dir}/${REMOVED}/${id}`);
    return id;
  }

  delete(discarded: string): Promise<void> {
    return removeTree(`${this.dir}/${REMOVED}`, discarded);
  }

  sweep(): void {
    const staged = [
      ...entries(`${this.dir}/${STAGED}`),
      ...this.names().flatMap((name) => entries(this.home(name)).filter((path) => path.includes("/staged~"))),
      ...this.names().flatMap((name) => entries(this.snapshots(name)).filter((path) => path.includes("/snapshots/."))),
    ];
    for (const path of staged) if (isStale(path)) this.discard(path);
  }

  async clear(): Promise<void> {
    for (const id of readdirSync(`${this.dir}/${REMOVED}`)) await this.delete(id);
  }

  /** Of all volumes that may be limited already, but for one. */
  #homes(but: string): string[] {
    const all = [...this.names().map((name) => this.home(name)), ...entries(`${this.dir}/${STAGED}`)];
    return all.filter((home) => home !== but);
  }
}

function entries(directory: string): string[] {
  try {
    return readdirSync(directory).map((name) => `${directory}/${name}`);
  } catch (error) {
    if (!hasCode(error, "ENOENT")) throw error;
    return [];
  }
}

function isStale(path: string): boolean {
  const changedMs = statSync(path).mtimeMs;
  return changedMs < Date.now() - KEPT_MS || changedMs < Date.now() - uptime() * 1000 || path.includes("~fill");
}
