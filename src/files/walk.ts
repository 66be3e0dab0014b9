/** The entries of a directory and of those below it, in the order of their names' bytes, as a build's client sends them: owners are left out. */
import { readdirSync, readlinkSync } from "node:fs";
import { openPath } from "../kernel/at.ts";
import type { OwnedFd } from "../kernel/fd.ts";
import { type FileStat as KernelStat, statIfThere } from "../kernel/read-at.ts";
import type { FileStat } from "../wire/file-transfer.ts";

/** By paths without a slash at their beginning. */
export interface WalkSelection {
  takes(path: string): boolean;
  /** Whether anything below a directory may be taken. */
  entersBelow(path: string): boolean;
}

/** Names that are looked at before other work may run. */
const AT_ONCE = 1024;

/** `root` is absolute. What vanishes meanwhile is left out. */
export async function* walkFiles(root: string, selection: WalkSelection): AsyncGenerator<readonly FileStat[]> {
  using walk = new Walk(root, selection);
  while (!walk.isDone) {
    yield walk.next();
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** A directory that is held open, so that what is in it is reached by its name alone. */
interface Level {
  readonly directory: OwnedFd;
  /** With a slash at its end, or "". */
  readonly prefix: string;
  /** What is to come, backwards. */
  readonly names: string[];
}

class Walk implements Disposable {
  readonly #root: string;
  readonly #selection: WalkSelection;
  readonly #levels: Level[] = [];
  /** Directories that are not asked for: each is sent with the first entry below it that is. */
  #held: FileStat[] = [];
  /** The first names of files that have several. */
  readonly #links = new Map<string, string>();

  constructor(root: string, selection: WalkSelection) {
    this.#root = root;
    this.#selection = selection;
    this.#enter("");
  }

  get isDone(): boolean {
    return this.#levels.length === 0;
  }

  /** A few entries more, or none of the next few. */
  next(): readonly FileStat[] {
    const found: FileStat[] = [];
    for (let count = 0; count < AT_ONCE; count++) {
      const level = this.#levels.at(-1);
      if (level === undefined) break;
      const name = level.names.pop();
      if (name === undefined) this.#leave();
      else this.#visit(level, name, found);
    }
    return found;
  }

  [Symbol.dispose](): void {
    while (!this.isDone) this.#leave();
  }

  #enter(prefix: string): void {
    const path = `${this.#root}/${prefix}`;
    const names = namesIn(path);
    this.#levels.push({ directory: openPath(path), prefix, names });
  }

  #leave(): void {
    const left = this.#levels.pop();
    left?.directory.close();
    if (this.#held.length > 0) this.#held = this.#held.filter(({ path }) => `${path}/` !== left?.prefix);
  }

  #visit({ directory, prefix }: Level, name: string, found: FileStat[]): void {
    const path = prefix + name;
    const isTaken = this.#selection.takes(path);
    if (!isTaken && !this.#selection.entersBelow(path)) return;
    // Gone since its directory was read, or nothing that could be sent.
    const about = statIfThere(directory.fd, name);
    if (about === undefined || about.type === "socket") return;
    const isEntered = about.type === "directory" && this.#selection.entersBelow(path);
    if (isTaken) {
      found.push(...this.#held, this.#toFileStat(path, about.type, about));
      this.#held = [];
    } else if (isEntered) this.#held.push(this.#toFileStat(path, about.type, about));
    if (isEntered) this.#enter(`${path}/`);
  }

  #toFileStat(path: string, type: FileStat["type"], about: KernelStat): FileStat {
    const first = type === "file" && about.links > 1 ? this.#firstName(path, about) : undefined;
    return {
      path,
      type,
      mode: about.mode,
      uid: 0,
      gid: 0,
      size: type === "file" && first === undefined ? about.size : 0,
      mtimeNs: BigInt(about.mtimeSec) * 1_000_000_000n + BigInt(about.mtimeNsec),
      linkName: type === "symlink" ? readlinkSync(`${this.#root}/${path}`) : (first ?? ""),
      major: about.major,
      minor: about.minor,
      xattrs: NO_XATTRS,
    };
  }

  /** The second name of a file tells the first, in place of its content; the first has none to tell. */
  #firstName(path: string, { device, inode }: KernelStat): string | undefined {
    const file = `${device} ${inode}`;
    const first = this.#links.get(file);
    if (first === undefined) this.#links.set(file, path);
    return first;
  }
}

const NO_XATTRS: ReadonlyMap<string, Uint8Array> = new Map();

/** Backwards, by their bytes. */
function namesIn(directory: string): string[] {
  const names = readdirSync(directory);
  const isPlain = names.every((name) => /^[\x20-\x7e]*$/.test(name));
  if (isPlain) return names.sort().reverse();
  return names.sort((a, b) => Buffer.compare(Buffer.from(b), Buffer.from(a)));
}
