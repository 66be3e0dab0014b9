/** Results that go to the client: its directory (`type=local`), or a tar on its side. */

import type { Build } from "../builder.ts";
import { BuildFailure } from "../failure.ts";
import type { ClientExport } from "./client-export.ts";
import type { ImageExportDeps } from "./image.ts";
import { exportLocal } from "./local.ts";
import { exportTar } from "./tar.ts";

export async function exportToClient(
  deps: ImageExportDeps,
  build: Build,
  request: ClientExport,
): Promise<ReadonlyMap<string, string>> {
  if (build.session?.offers("send") !== true) {
    throw new BuildFailure("the client takes no files: its session offers no file transfer", {
      kind: "invalidParameter",
    });
  }
  switch (request.exporter.type) {
    case "local":
      return exportLocal(deps, build, request);
    case "tar":
      return exportTar(deps, build, request);
    case "oci":
    case "docker":
    case "image":
      throw new BuildFailure(`exporter ${request.exporter.type} is not supported`, { kind: "notImplemented" });
  }
}
