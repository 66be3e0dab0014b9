/**
 * A copy of a client's directory on the engine's side. What it holds is written down in its index, by which the next transfer
 * knows what to ask for; the index is gone while the copy is being changed, and a copy without one is made anew.
 *
 *   <dir>/files                         the copy
 *   <dir>/index.json, entries.json      what it holds (mirror-index.ts)
 */
import { mkdirSync, writeSync } from "node:fs";
import { hasCode, invalidParameter } from "../../base/errors.ts";
import { nameBytes } from "../../base/tar/entry.ts";
import { cleanPath } from "../../files/layer-path.ts";
import { LayerTree } from "../../files/layer-tree.ts";
import { removeEntry } from "../../files/remove-entry.ts";
import { fchmod, fchown, futimens, linkat, makedev, mknodat, openat, symlinkat, utimensat } from "../../kernel/at.ts";
import { O } from "../../kernel/open-flags.ts";
import { describeFile, type FileStat, type FileTransfer } from "../../wire/file-transfer.ts";
import { discard } from "../files/discard.ts";
import type { LocalSource } from "../operation.ts";
import type { Session } from "../session.ts";
import type { Step } from "../solver/solver.ts";
import { type MirrorIndex, readIndex, removeIndex, writeIndex } from "./mirror-index.ts";

/** Contents that are asked for at the same time. */
const MAX_TRANSFERS = 32;

export interface Mirror {
  readonly filesPath: string;
  /** Another one after every transfer that changed something. */
  readonly generation: string;
  /** False while it is being changed, and after a change that failed. */
  readonly isWhole: boolean;
  /** Bytes that came. */
  sync(session: Session, source: LocalSource, step: Step): Promise<number>;
}

/** What an engine that died has left of a copy goes to `sweptDir`. */
export async function openMirror(dir: string, sweptDir: string): Promise<Mirror> {
  const index = readIndex(dir);
  if (index === undefined) await discard(dir, sweptDir);
  return new DirectoryMirror(dir, index);
}

class DirectoryMirror implements Mirror {
  readonly filesPath: string;
  readonly #dir: string;
  #index: MirrorIndex | undefined;

  constructor(dir: string, index: MirrorIndex | undefined) {
    this.filesPath = `${dir}/files`;
    this.#dir = dir;
    this.#index = index;
    mkdirSync(this.filesPath, { recursive: true, mode: 0o755 });
  }

  get generation(): string {
    return this.#index?.generation ?? "";
  }

  get isWhole(): boolean {
    return this.#index !== undefined;
  }

  async sync(session: Session, source: LocalSource, step: Step): Promise<number> {
    const { include, exclude, follow } = source;
    const before = this.#index;
    const known = before === undefined ? {} : { known: before.digest };
    const transfer = session.files(source.name, { include, exclude, follow, ...known });
    const cancel = (): void => transfer.cancel();
    step.signal.addEventListener("abort", cancel, { once: true });
    try {
      using update = new MirrorUpdate(this.filesPath, before, transfer, () => this.#open());
      const meter = new Meter(`transferring ${source.keyHint === "dockerfile" ? "dockerfile" : "context"}:`, step);
      await update.run(meter);
      if (transfer.isKnown && before === undefined) throw invalidParameter("files are said to be known that are not");
      await transfer.finish();
      if (update.isChanged) this.#index = writeIndex(this.#dir, update.entries);
      meter.finish();
      return meter.bytes;
    } finally {
      step.signal.removeEventListener("abort", cancel);
      transfer.cancel();
    }
  }

  /** From here on the copy is neither what it was nor what it shall be. */
  #open(): void {
    removeIndex(this.#dir);
    this.#index = undefined;
  }
}

/** Tells how much has come, some ten times a second. */
class Meter {
  bytes = 0;
  readonly #id: string;
  readonly #step: Step;
  readonly #started = Date.now();
  #told = 0;

  constructor(id: string, step: Step) {
    this.#id = id;
    this.#step = step;
  }

  add(bytes: number): void {
    this.bytes += bytes;
    if (Date.now() - this.#told < 100) return;
    this.#told = Date.now();
    this.#tell();
  }

  finish(): void {
    this.#tell(Date.now());
  }

  #tell(completed?: number): void {
    const status = { kind: "status", id: this.#id, current: this.bytes, total: 0, started: this.#started } as const;
    this.#step.tell(completed === undefined ? status : { ...status, completed });
  }
}

class MirrorUpdate implements Disposable {
  readonly entries = new Map<string, string>();
  readonly #tree: LayerTree;
  readonly #index: MirrorIndex | undefined;
  #before: ReadonlyMap<string, string> | undefined;
  readonly #transfer: FileTransfer;
  readonly #opened: () => void;
  readonly #directories: FileStat[] = [];
  readonly #reading = new Set<Promise<void>>();
  #failure: Error | undefined;
  isChanged = false;

  constructor(dir: string, index: MirrorIndex | undefined, transfer: FileTransfer, opened: () => void) {
    this.#tree = new LayerTree(dir);
    this.#index = index;
    this.#transfer = transfer;
    this.#opened = opened;
  }

  async run(meter: Meter): Promise<void> {
    let index = 0;
    for await (const stat of this.#transfer.stats) {
      const number = index++;
      const description = describeFile(stat);
      this.entries.set(stat.path, description);
      meter.add(STAT_BYTES + stat.path.length);
      if (stat.type === "directory") this.#directories.push(stat);
      if (this.#known.get(stat.path) === description) continue;
      this.#change();
      await this.#take(stat, number, meter);
    }
    if (this.#transfer.isKnown) return;
    await Promise.all(this.#reading);
    if (this.#failure !== undefined) throw this.#failure;
    this.#removeOthers();
    if (this.isChanged) for (const stat of this.#directories.toReversed()) this.#stampDirectory(stat);
  }

  [Symbol.dispose](): void {
    this.#tree[Symbol.dispose]();
  }

  get #known(): ReadonlyMap<string, string> {
    this.#before ??= this.#index?.entries() ?? new Map<string, string>();
    return this.#before;
  }

  #change(): void {
    if (!this.isChanged) this.#opened();
    this.isChanged = true;
  }

  async #take(stat: FileStat, number: number, meter: Meter): Promise<void> {
    const path = cleanPath(Buffer.from(stat.path).toString("latin1"));
    switch (stat.type) {
      case "directory":
        return this.#makeDirectory(stat);
      case "symlink":
        return this.#tree.put(path, (parent, name) => {
          symlinkat(stat.linkName, parent, name);
          utimensat(parent, name, stat.mtimeNs, stat.mtimeNs);
        });
      case "char":
      case "block":
      case "fifo":
        return this.#makeNode(path, stat, NODE_BITS[stat.type]);
      case "file":
        if (stat.linkName !== "") {
          // The file it links to may still be on its way; links are made when it has its name.
          await Promise.all(this.#reading);
          return this.#link(stat);
        }
        while (this.#reading.size >= MAX_TRANSFERS) await Promise.race(this.#reading);
        if (this.#failure !== undefined) throw this.#failure;
        return this.#begin(stat, number, meter);
    }
  }

  #makeNode(path: ReturnType<typeof cleanPath>, { mode, major, minor }: FileStat, type: number): void {
    this.#tree.put(path, (parent, name) => mknodat(parent, name, type | (mode & 0o777), makedev(major, minor)));
  }

  #makeDirectory(stat: FileStat): void {
    const path = Buffer.from(stat.path).toString("latin1");
    try {
      this.#tree.directory(path);
    } catch (error) {
      if (!hasCode(error, "ENOTDIR") && !hasCode(error, "ELOOP")) throw error;
      this.#remove(path);
      this.#tree.directory(path);
    }
  }

  #link({ path, linkName }: FileStat): void {
    const target = cleanPath(Buffer.from(linkName).toString("latin1"));
    using from = this.#tree.existing(target.directory);
    const to = cleanPath(Buffer.from(path).toString("latin1"));
    this.#tree.put(to, (parent, name) => linkat(from.fd, nameBytes(target.name), parent, name));
  }

  /** Opened at once, so that names come into being in the client's order; filled as the content comes. */
  #begin(stat: FileStat, number: number, meter: Meter): void {
    const path = cleanPath(Buffer.from(stat.path).toString("latin1"));
    this.#tree.put(path, (parent, name) => {
      const file = openat(parent, name, O.WRONLY | O.CREAT | O.EXCL, 0o600);
      const reading = this.#fill(file, stat, number, meter).catch((error: unknown) => {
        this.#failure ??= error instanceof Error ? error : new Error(String(error));
      });
      this.#reading.add(reading);
      void reading.finally(() => this.#reading.delete(reading));
    });
  }

  async #fill(file: ReturnType<typeof openat>, stat: FileStat, number: number, meter: Meter): Promise<void> {
    using open = file;
    for await (const chunk of this.#transfer.read(number)) {
      for (let at = 0; at < chunk.length; ) at += writeSync(open.fd, chunk, at);
      meter.add(chunk.length);
    }
    fchown(open.fd, stat.uid, stat.gid);
    fchmod(open.fd, stat.mode);
    futimens(open.fd, stat.mtimeNs, stat.mtimeNs);
  }

  #removeOthers(): void {
    for (const path of this.#known.keys()) {
      if (this.entries.has(path)) continue;
      this.#change();
      this.#remove(Buffer.from(path).toString("latin1"));
    }
  }

  #remove(path: string): void {
    const { directory, name } = cleanPath(path);
    this.#tree.forget();
    try {
      using parent = this.#tree.existing(directory);
      removeEntry(parent.fd, nameBytes(name));
    } catch (error) {
      // Gone with the directory above it.
      if (!hasCode(error, "ENOENT") && !hasCode(error, "ENOTDIR")) throw error;
    }
  }

  #stampDirectory({ path, mode, uid, gid, mtimeNs }: FileStat): void {
    using directory = this.#tree.existing(Buffer.from(path).toString("latin1"));
    fchown(directory.fd, uid, gid);
    fchmod(directory.fd, mode);
    futimens(directory.fd, mtimeNs, mtimeNs);
  }
}

/** Of a description on the wire, about. */
const STAT_BYTES = 32;

const NODE_BITS = { char: 0o020000, block: 0o060000, fifo: 0o010000 } as const;
