/** `--cache-to type=inline`: what an image's own layers are the results of, inside its configuration. */
import type { ExportRequest } from "../export/export-request.ts";
import type { ImageExportDeps } from "../export/image-export.ts";
import { toInlineText } from "./cache-config.ts";
import { type CacheToExport, stackedResults } from "./export-cache.ts";

export function createInlineCache(deps: ImageExportDeps, cache: CacheToExport): ExportRequest["inlineCache"] {
  let results: ReturnType<typeof stackedResults> | undefined;
  return async ({ layers }) => {
    results ??= stackedResults(deps, cache, "min");
    return toInlineText(
      await results,
      layers.map(({ diffId }) => diffId),
    );
  };
}
