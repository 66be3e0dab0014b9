/** Files into and out of containers (HEAD, GET and PUT /containers/{id}/archive; moby daemon/archive_unix.go). */
import { invalidParameter, systemError } from "../../base/errors.ts";
import type { IncomingBody, OutgoingBody } from "../../base/lent-socket.ts";
import { FileError } from "../../files/threads/file-error.ts";
import type { PathFacts } from "../../files/threads/protocol.ts";
import type { Owner } from "../../files/unpack.ts";
import { viewPath } from "../../files/view-request.ts";
import { readAccounts } from "../../runtime/spec/accounts.ts";
import { resolveUser } from "../../runtime/spec/user.ts";
import type { PathStat } from "../../wire/archive.ts";
import type { Container } from "../container/container.ts";
import { type EngineContext, tell } from "../context.ts";
import { toContainerPath } from "./container-path.ts";
import { openContainerView } from "./container-view.ts";
import { extractFailure, lookFailure } from "./failures.ts";
import { toOutgoing } from "./outgoing.ts";
import { baseName, toPathStat } from "./path-stat.ts";

/** Which file of which container; `ref` is the container as the client wrote it. */
export interface ArchiveTarget {
  readonly container: Container;
  readonly ref: string;
  readonly path: string;
}

/** Throws notFound for a file that is not there. */
export async function statPath(ctx: EngineContext, { container, ref, path: asked }: ArchiveTarget): Promise<PathStat> {
  const path = toContainerPath(asked);
  await using view = await openContainerView(ctx, container);
  try {
    return toPathStat(path, await ctx.files.stat(view.request, viewPath(path)));
  } catch (error) {
    throw lookFailure(error, { ref, path: asked, resolved: path });
  }
}

export interface PathArchive {
  readonly stat: PathStat;
  readonly tar: OutgoingBody;
}

/** A tar whose names begin with the last name of the path. Read it to its end or return it: the container may be locked. */
export async function readArchive(
  ctx: EngineContext,
  { container, ref, path: asked }: ArchiveTarget,
): Promise<PathArchive> {
  const path = toContainerPath(asked);
  await using undo = new AsyncDisposableStack();
  const view = undo.use(await openContainerView(ctx, container));
  try {
    const name = viewPath(baseName(path));
    const packing = await ctx.files.pack(view.request, { path: viewPath(path), name });
    tell(ctx, container, "archive-path");
    return { stat: toPathStat(path, packing.facts), tar: toOutgoing(packing, undo.move()) };
  } catch (error) {
    throw lookFailure(error, { ref, path: asked, resolved: path });
  }
}

export interface ExtractOptions {
  /** Plain or compressed. */
  readonly archive: IncomingBody;
  /** Refuse to put a directory in place of something else, or something else in place of a directory. */
  readonly keepKinds: boolean;
  /** Everything belongs to the container's user, in place of who the archive says. */
  readonly ownedByUser: boolean;
}

export async function extractArchive(
  ctx: EngineContext,
  { container, ref, path: asked }: ArchiveTarget,
  { archive, keepKinds, ownedByUser }: ExtractOptions,
): Promise<void> {
  const path = toContainerPath(asked);
  await using view = await openContainerView(ctx, container);
  const owner = ownedByUser ? userOf(container, view.request.root) : "archive";
  let found = false;
  const check = (facts: PathFacts): void => {
    found = true;
    checkDirectory(facts);
  };
  try {
    const options = { path: viewPath(path), owner, keepKinds };
    await ctx.files.unpack({ view: view.request, options, archive, check });
  } catch (error) {
    if (!found) throw extractFailure(error, { ref, path: asked, resolved: path });
    throw error instanceof FileError ? systemError(error.message, { cause: error }) : error;
  }
  tell(ctx, container, "extract-to-dir");
}

function checkDirectory({ stat, isMounted, isReadOnly }: PathFacts): void {
  if (stat.type !== "directory") throw invalidParameter("extraction point is not a directory");
  if (isReadOnly) {
    throw invalidParameter(isMounted ? "mounted volume is marked read-only" : "container rootfs is marked read-only");
  }
}

/** By the container's own account files. */
function userOf({ spec }: Container, root: string): Owner | "archive" {
  return spec.config.User === "" ? "archive" : resolveUser(spec.config.User, [], readAccounts(root));
}
