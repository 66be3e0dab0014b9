/** `--output type=tar`: the files of the result in one archive, those of several platforms in a directory each. */
import { TAR_END } from "../../base/tar/encode.ts";
import { retimed } from "../../base/tar/retime.ts";
import { viewPath } from "../../files/view-request.ts";
import type { Build } from "../builder.ts";
import type { ExportRequest } from "./export-request.ts";
import type { ImageExportDeps } from "./image-export.ts";
import { ExportProgress } from "./progress.ts";
import { readTreeParts, type TreePart } from "./tree-options.ts";

export async function exportTar(
  deps: ImageExportDeps,
  build: Build,
  request: ExportRequest,
): Promise<ReadonlyMap<string, string>> {
  const parts = readTreeParts(request);
  using progress = new ExportProgress(build, "exporting to client tarball");
  await progress.run(async () => {
    await progress.during("sending tarball", async () => {
      await build.session?.sendFile(request.index, archiveOf(deps, parts));
    });
  });
  return new Map();
}

/** Archives behind each other, with one end. */
async function* archiveOf(deps: ImageExportDeps, parts: readonly TreePart[]): AsyncGenerator<Uint8Array> {
  for (const part of parts) yield* withoutEnd(partOf(deps, part));
  yield TAR_END;
}

async function* partOf(
  { trees, fileThreads }: ImageExportDeps,
  { result, prefix, epoch }: TreePart,
): AsyncGenerator<Uint8Array> {
  using mounted = trees.mount(result.tree);
  const { blocks } = await fileThreads.pack({ root: mounted.root.procPath }, { path: viewPath("/"), name: prefix });
  yield* epoch === undefined ? blocks : retimed(blocks, () => epoch);
}

async function* withoutEnd(tar: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let held = Buffer.alloc(0);
  for await (const chunk of tar) {
    const all = Buffer.concat([held, chunk]);
    const keep = Math.max(0, all.length - TAR_END.length);
    if (keep > 0) yield all.subarray(0, keep);
    held = all.subarray(keep);
  }
}
