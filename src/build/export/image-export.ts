/** What exporters of images work with. */
import type { FileThreads } from "../../files/threads/threads.ts";
import type { BuiltImages } from "../../image/built.ts";
import type { RegistryService } from "../../image/registry/types.ts";
import type { Platform } from "../../wire/platform.ts";
import type { Build } from "../builder.ts";
import type { LayerTrees } from "../trees/layer-trees.ts";
import type { ExportRequest } from "./export-request.ts";
import type { ImageOptions } from "./image-options.ts";
import type { ExportProgress } from "./progress.ts";
import type { ImageSource } from "./write-image.ts";

export interface ImageExportDeps {
  readonly fileThreads: FileThreads;
  readonly trees: LayerTrees;
  readonly built: BuiltImages;
  readonly registries: Pick<RegistryService, "publish">;
  /** This machine's. */
  readonly platform: Platform;
}

/** An image on its way out. */
export interface ImageExport {
  readonly deps: ImageExportDeps;
  readonly build: Build;
  readonly request: ExportRequest;
  readonly options: ImageOptions;
  readonly progress: ExportProgress;
  readonly sources: readonly ImageSource[];
}
