/** `--output type=local`: the files of the result in a directory of the client's. Each of several platforms has a directory of its own. */
import { createReadStream } from "node:fs";
import type { Place, TreeView } from "../../files/view.ts";
import { openView, viewPath } from "../../files/view-request.ts";
import { readLink } from "../../kernel/read-at.ts";
import type { FileStat, OutgoingTree } from "../../wire/file-transfer.ts";
import type { Build } from "../builder.ts";
import { Filter, walk } from "../content/walk.ts";
import type { ExportRequest } from "./export-request.ts";
import { type ImageExportDeps } from "./image-export.ts";
import { ExportProgress } from "./progress.ts";
import { readTreeParts } from "./tree-options.ts";

export async function exportLocal(
  { trees }: ImageExportDeps,
  build: Build,
  request: ExportRequest,
): Promise<ReadonlyMap<string, string>> {
  using progress = new ExportProgress(build, "exporting to client directory");
  await progress.run(async () => {
    using open = new DisposableStack();
    const parts = readTreeParts(request).map(({ result, prefix, epoch }): Part => {
      const mounted = open.use(trees.mount(result.tree));
      const { view } = open.use(openView({ root: mounted.root.procPath, readOnly: true }));
      return { prefix, epoch, view };
    });
    await progress.during("copying files", async () => build.session?.sendTree(request.index, toOutgoing(parts)));
  });
  return new Map();
}

interface Part {
  /** "" or the directory of a platform. */
  readonly prefix: string;
  readonly view: TreeView;
  readonly epoch: number | undefined;
}

const AT_ONCE = 200;

function toOutgoing(parts: readonly Part[]): OutgoingTree {
  return {
    entries: entriesOf(parts),
    read: (path) => readFrom(parts, path),
  };
}

/** Lets other work run in between. */
async function* entriesOf(parts: readonly Part[]): AsyncGenerator<readonly FileStat[]> {
  let some: FileStat[] = [];
  for (const part of parts) {
    for (const entry of entriesOfPart(part)) {
      some.push(entry);
      if (some.length < AT_ONCE) continue;
      yield some;
      some = [];
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
  yield some;
}

function* entriesOfPart({ prefix, view, epoch }: Part): Generator<FileStat> {
  const firstNames = new Map<string, string>();
  if (prefix !== "") yield platformEntry(prefix, epoch);
  for (const { place, relative } of walk(view, "", Filter.of([]))) {
    const path = prefix === "" ? relative : `${prefix}/${relative}`;
    const stat = relative === "" ? undefined : toFileStat(place, path, epoch);
    if (stat !== undefined) yield asLink(stat, place, firstNames);
  }
}

const SECOND_NS = 1_000_000_000n;

/** The directory that a platform's files are in. */
function platformEntry(path: string, epoch = 0): FileStat {
  const own = { uid: 0, gid: 0, size: 0, linkName: "", major: 0, minor: 0, xattrs: new Map() };
  return { path, type: "directory", mode: 0o755, mtimeNs: BigInt(epoch) * SECOND_NS, ...own };
}

/** Undefined for a socket. */
function toFileStat(place: Place, path: string, epoch: number | undefined): FileStat | undefined {
  const { type, mode, uid, gid, size, mtimeSec, mtimeNsec, major, minor } = place.stat;
  if (type === "socket") return undefined;
  return {
    path: Buffer.from(path, "latin1").toString(),
    type,
    mode,
    uid,
    gid,
    size: type === "file" ? size : 0,
    mtimeNs: epoch === undefined ? BigInt(mtimeSec) * SECOND_NS + BigInt(mtimeNsec) : BigInt(epoch) * SECOND_NS,
    linkName: type === "symlink" ? Buffer.from(readLink(place.fd), "latin1").toString() : "",
    major,
    minor,
    xattrs: new Map(),
  };
}

/** A file that was sent under another name already is a link to that. */
function asLink(entry: FileStat, { stat }: Place, firstNames: Map<string, string>): FileStat {
  if (entry.type !== "file" || stat.links < 2) return entry;
  const inode = `${stat.device} ${stat.inode}`;
  const first = firstNames.get(inode);
  if (first !== undefined) return { ...entry, size: 0, linkName: first };
  firstNames.set(inode, entry.path);
  return entry;
}

async function* readFrom(parts: readonly Part[], path: string): AsyncGenerator<Uint8Array> {
  const part = parts.find(({ prefix }) => prefix === "" || path.startsWith(`${prefix}/`));
  if (part === undefined) return;
  const inside = part.prefix === "" ? path : path.slice(part.prefix.length + 1);
  using place = part.view.locate(viewPath(inside), { follow: false });
  yield* createReadStream(`/proc/self/fd/${place.fd}`);
}
