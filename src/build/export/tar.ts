/** `--output type=tar`: the files of the result in one archive. */
import { viewPath } from "../../files/view-request.ts";
import type { Build } from "../builder.ts";
import { BuildFailure } from "../failure.ts";
import type { ClientExport } from "./client-export.ts";
import type { ImageExportDeps } from "./image.ts";
import { ExportProgress } from "./progress.ts";

export async function exportTar(
  { trees, fileThreads }: ImageExportDeps,
  build: Build,
  { index, results }: ClientExport,
): Promise<ReadonlyMap<string, string>> {
  const [result, ...more] = results;
  if (result === undefined || more.length > 0) {
    throw new BuildFailure("the tar exporter takes one platform at a time", { kind: "invalidParameter" });
  }
  using progress = new ExportProgress(build, "exporting to client tarball");
  await progress.run(async () => {
    using mounted = trees.mount(result.tree);
    const { blocks } = await fileThreads.pack({ root: mounted.root.procPath }, { path: viewPath("/") });
    await progress.during("sending tarball", async () => build.session?.sendFile(index, blocks));
  });
  return new Map();
}
