/** Results that go to the client: its directory (`type=local`), or a tar on its side. */

import type { Build, Exporter } from "../builder.ts";
import { BuildFailure } from "../failure.ts";
import { exportArchive } from "./archive.ts";
import type { ExportRequest } from "./export-request.ts";
import { type ImageExportDeps } from "./image-export.ts";
import { exportLocal } from "./local.ts";
import { exportTar } from "./tar.ts";

export async function exportToClient(
  deps: ImageExportDeps,
  build: Build,
  request: ExportRequest,
): Promise<ReadonlyMap<string, string>> {
  const needed = wantsLayout(request.exporter) ? "content" : "send";
  if (build.session?.offers(needed) !== true) {
    throw new BuildFailure("the client takes no files: its session offers no file transfer", {
      kind: "invalidParameter",
    });
  }
  const givesFiles = request.exporter.type === "local" || request.exporter.type === "tar";
  if (givesFiles && request.attestations.isDemanded) {
    throw new BuildFailure(
      `exporter ${request.exporter.type} takes no attestations: ask for them with inline-only=true`,
      {
        kind: "invalidParameter",
      },
    );
  }
  switch (request.exporter.type) {
    case "local":
      return exportLocal(deps, build, request);
    case "tar":
      return exportTar(deps, build, request);
    case "oci":
    case "docker":
      return exportArchive(deps, build, request);
    case "image":
      throw new BuildFailure("images stay with the engine", { kind: "invalidParameter" });
  }
}

/** A layout's files go into a store of the client's, one by one. */
const wantsLayout = ({ type, attributes }: Exporter): boolean =>
  (type === "oci" || type === "docker") &&
  ["false", "0", "f", "F", "FALSE", "False"].includes(attributes.get("tar") ?? "");
