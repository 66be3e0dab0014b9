/**
 * A tar stream into a tree that is in use, after the rules of moby's pkg/archive (Untar): what is there is replaced, except
 * directories, which are merged. Everything happens relative to open directories within a view and never through a last
 * link, so that neither the archive nor who changes the tree meanwhile can reach outside. Blocks: to be called in a worker.
 */
import { hasCode } from "../base/errors.ts";
import { nameBytes, type TarEntry, TarError } from "../base/tar/entry.ts";
import { DEFAULT_TAR_LIMITS, type TarHandler, type TarLimits } from "../base/tar/reader.ts";
import * as at from "../kernel/at.ts";
import type { OwnedFd } from "../kernel/fd.ts";
import { O } from "../kernel/open-flags.ts";
import { statIfThere } from "../kernel/read-at.ts";
import { joinPath, type LayerPath } from "./layer-path.ts";
import { checkWritable, LiveDirectories } from "./live-directory.ts";
import { removeEntry } from "./remove-entry.ts";
import { SparseWriter } from "./sparse-writer.ts";
import type { Place, TreeView } from "./view.ts";
import { isAllowedXattr } from "./xattrs.ts";

export interface Owner {
  readonly uid: number;
  readonly gid: number;
}

export interface UnpackOptions {
  /** The directory of the view that entries are relative to; it exists. */
  readonly path: string;
  /** Who owns what is unpacked: the owners in the archive, who unpacks it, or always the same one. Default "archive". */
  readonly owner?: "archive" | "unpacker" | Owner;
  /** Refuse entries that would put a directory in place of something else, or something else in place of a directory. */
  readonly keepKinds?: boolean;
  /** What the archive says of "." is for the directory itself. Default: that it stays as it is. */
  readonly takesRoot?: boolean;
  /** Keep files that are as the archive has them, of an earlier run that was interrupted: a file's time is set last. */
  readonly resumes?: boolean;
  /** The directory as messages call it. Default: its path in the view, for which names in it stand alone. */
  readonly shownAs?: string;
  /** Gives every name in the archive another one. */
  readonly rename?: (name: string) => string;
}

/** An archive of files may be of any length: only what it says about one of them is bounded. */
export const ARCHIVE_LIMITS: TarLimits = { ...DEFAULT_TAR_LIMITS, maxEntries: Number.POSITIVE_INFINITY };

const S_IFCHR = 0o020000;
const S_IFBLK = 0o060000;
const S_IFIFO = 0o010000;
const OWNER_ACCESS = 0o700;
const NS_PER_S = 1_000_000_000n;

/** Give it to a TarReader, and call `finish` after the last entry. */
export class TreeUnpacker implements TarHandler, Disposable {
  readonly takesSparse = true;
  readonly #view: TreeView;
  readonly #options: UnpackOptions;
  readonly #directories: LiveDirectories;
  readonly #unpackedDirectories = new Map<string, TarEntry>();
  #file: { readonly fd: OwnedFd; readonly entry: TarEntry; readonly writer: SparseWriter } | undefined;

  constructor(view: TreeView, options: UnpackOptions) {
    this.#view = view;
    this.#options = options;
    this.#directories = new LiveDirectories(view);
  }

  entry(found: TarEntry): void {
    const { rename } = this.#options;
    const entry = rename === undefined ? found : renamed(found, rename);
    const path = entryPath(entry.name, () => new TarError(`invalid entry name ${JSON.stringify(entry.name)}`));
    if (path.name === "") return this.#root(entry);
    // What overlayfs takes for a deletion is not for an archive to make.
    if (entry.type === "char" && entry.major === 0 && entry.minor === 0) return;
    this.#makers[entry.type](entry, path);
  }

  data(chunk: Uint8Array): void {
    this.#file?.writer.write(chunk);
  }

  /** Where the data of the present entry goes; undefined when nobody wants it. */
  get writer(): SparseWriter | undefined {
    return this.#file?.writer;
  }

  end(): void {
    if (this.#file === undefined) return;
    using file = this.#file.fd;
    const { entry, writer } = this.#file;
    this.#file = undefined;
    writer.finish();
    this.#attributes(file, entry);
  }

  finish(): void {
    this.#directories.forget();
    for (const [path, entry] of this.#unpackedDirectories) this.#finishDirectory(path, entry);
  }

  [Symbol.dispose](): void {
    this.#file?.fd.close();
    this.#directories[Symbol.dispose]();
  }

  readonly #makers: Readonly<Record<TarEntry["type"], (entry: TarEntry, path: LayerPath) => void>> = {
    file: (entry, path) => {
      if (this.#options.resumes === true && this.#isThere(entry, path)) return;
      this.#put(path, (parent, name) => {
        const fd = at.openat(parent, name, O.WRONLY | O.CREAT | O.EXCL, 0o600);
        this.#file = { fd, entry, writer: new SparseWriter(fd.fd, entry.sparse) };
      });
    },
    directory: (entry, path) => this.#directory(entry, path),
    link: (entry, path) => this.#link(entry, path),
    symlink: (entry, path) =>
      this.#put(path, (parent, name) => {
        at.symlinkat(nameBytes(entry.linkName), parent, name);
        const owner = this.#ownerOf(entry);
        if (owner !== undefined) at.fchownat(parent, name, owner.uid, owner.gid);
        at.utimensat(parent, name, entry.mtimeNs, entry.mtimeNs);
      }),
    char: (entry, path) => this.#node(entry, path, S_IFCHR),
    block: (entry, path) => this.#node(entry, path, S_IFBLK),
    fifo: (entry, path) => this.#node(entry, path, S_IFIFO),
  };

  /** The directory that is unpacked into takes what the archive says of "." only when it was made for it. */
  #root(entry: TarEntry): void {
    if (entry.type !== "directory") {
      throw new TarError(`cannot overwrite directory ${JSON.stringify(entry.name)} with non-directory`);
    }
    if (this.#options.takesRoot !== true) return;
    using root = this.#view.locate(this.#options.path);
    this.#attributes(root, { ...entry, mode: entry.mode | OWNER_ACCESS });
    this.#unpackedDirectories.set("", entry);
  }

  #isThere({ size, sparse, mode, mtimeNs }: TarEntry, path: LayerPath): boolean {
    const stat = statIfThere(this.#parent(path).fd, nameBytes(path.name));
    return (
      stat?.type === "file" &&
      stat.size === (sparse?.size ?? size) &&
      stat.mode === mode &&
      BigInt(stat.mtimeSec) * NS_PER_S + BigInt(stat.mtimeNsec) === mtimeNs
    );
  }

  /** Runs `make` in the entry's directory; when the name is taken, removes what has it and runs `make` again. */
  #put(path: LayerPath, make: (parent: number, name: Buffer) => void): void {
    const name = nameBytes(path.name);
    try {
      make(this.#parent(path).fd, name);
      return;
    } catch (error) {
      if (!hasCode(error, "EEXIST")) throw error;
    }
    using there = this.#view.child(this.#parent(path), path.name);
    if (this.#options.keepKinds === true && there.stat.type === "directory") throw this.#wrongKind(path, "directory");
    if (this.#view.isMount(there.path)) throw new TarError(`RemoveAll ${joinPath(path)}: device or resource busy`);
    removeEntry(this.#parent(path).fd, name);
    // The directory kept open may have been reached through what is gone now.
    this.#directories.forget();
    make(this.#parent(path).fd, name);
  }

  #directory(entry: TarEntry, path: LayerPath): void {
    using made = this.#openOrMake(path);
    // Who is not root could put nothing into it otherwise.
    this.#attributes(made, { ...entry, mode: entry.mode | OWNER_ACCESS });
    this.#unpackedDirectories.set(joinPath(path), entry);
  }

  #openOrMake(path: LayerPath): Place {
    const make = (parent: number, name: Buffer): void => at.mkdirat(parent, name, 0o700);
    try {
      make(this.#parent(path).fd, nameBytes(path.name));
    } catch (error) {
      if (!hasCode(error, "EEXIST")) throw error;
    }
    const there = this.#view.child(this.#parent(path), path.name);
    if (there.stat.type === "directory") {
      checkWritable(there);
      return there;
    }
    there[Symbol.dispose]();
    if (this.#options.keepKinds === true) throw this.#wrongKind(path, "non-directory");
    this.#put(path, make);
    return this.#view.child(this.#parent(path), path.name);
  }

  #link(entry: TarEntry, path: LayerPath): void {
    const invalid = (): TarError =>
      new TarError(`invalid hardlink ${JSON.stringify(joinPath(path))} -> ${JSON.stringify(entry.linkName)}`);
    const target = entryPath(entry.linkName, invalid);
    if (target.name === "") throw invalid();
    using from = this.#view.locate(this.#inView(target.directory));
    this.#put(path, (parent, name) => at.linkat(from.fd, nameBytes(target.name), parent, name));
  }

  #node(entry: TarEntry, path: LayerPath, type: number): void {
    const device = type === S_IFIFO ? 0n : at.makedev(entry.major, entry.minor);
    this.#put(path, (parent, name) => {
      at.mknodat(parent, name, type | 0o600, device);
      using node = at.openat(parent, name, O.PATH);
      this.#attributes(node, entry);
    });
  }

  /** Owner first: changing it clears set-user-id and capabilities. */
  #attributes(file: { readonly fd: number }, entry: TarEntry): void {
    const owner = this.#ownerOf(entry);
    if (owner !== undefined) at.fchown(file.fd, owner.uid, owner.gid);
    at.fchmod(file.fd, entry.mode);
    for (const [attribute, value] of entry.xattrs) {
      if (isAllowedXattr(attribute)) setAttribute(file.fd, attribute, value);
    }
    at.futimens(file.fd, entry.mtimeNs, entry.mtimeNs);
  }

  #ownerOf(entry: TarEntry): Owner | undefined {
    const { owner = "archive" } = this.#options;
    if (owner === "unpacker") return undefined;
    return owner === "archive" ? entry : owner;
  }

  /** What is put into a directory changes its time. */
  #finishDirectory(path: string, { mode, mtimeNs }: TarEntry): void {
    try {
      using directory = this.#view.locate(this.#inView(path), { follow: false });
      if (directory.stat.type !== "directory") return;
      if ((mode & OWNER_ACCESS) !== OWNER_ACCESS) at.fchmod(directory.fd, mode);
      at.futimens(directory.fd, mtimeNs, mtimeNs);
    } catch (error) {
      if (!hasCode(error, "ENOENT") && !hasCode(error, "ENOTDIR")) throw error;
    }
  }

  #parent({ directory }: LayerPath): Place {
    return this.#directories.writable(this.#inView(directory));
  }

  #inView(path: string): string {
    return path === "" ? this.#options.path : `${this.#options.path}/${path}`;
  }

  /** Docker's words, in which the second name is where everything goes. */
  #wrongKind(path: LayerPath, there: "directory" | "non-directory"): TarError {
    const wanted = there === "directory" ? "non-directory" : "directory";
    const { shownAs, path: directory } = this.#options;
    const shown = shownAs === undefined ? [joinPath(path), `/${directory}`] : [`${shownAs}/${joinPath(path)}`, shownAs];
    const names = shown.map((name) => JSON.stringify(name));
    return new TarError(`cannot overwrite ${there} ${names[0]} with ${wanted} ${names[1]}`);
  }
}

function renamed(entry: TarEntry, rename: (name: string) => string): TarEntry {
  const linkName = entry.type === "link" ? rename(entry.linkName) : entry.linkName;
  return { ...entry, name: rename(entry.name), linkName };
}

/** A name in the archive, cleaned; whatever would lead above the directory is refused. */
function entryPath(raw: string, refuse: () => TarError): LayerPath {
  const parts: string[] = [];
  for (const part of raw.split("/")) {
    if (part === ".." && parts.pop() === undefined) throw refuse();
    if (part !== "" && part !== "." && part !== "..") parts.push(part);
  }
  const name = parts.pop() ?? "";
  return { directory: parts.join("/"), name };
}

/** Attributes that this file system or kind of file cannot have are left out, as Docker does. */
function setAttribute(fd: number, attribute: string, value: Uint8Array): void {
  try {
    at.setxattr(fd, attribute, value);
  } catch (error) {
    if (!hasCode(error, "EOPNOTSUPP") && !hasCode(error, "EPERM")) throw error;
  }
}
