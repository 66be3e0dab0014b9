/** The attributes of the exporters that give files: local and tar. Pure. */
import { invalidParameter } from "../../base/errors.ts";
import type { Platform } from "../../wire/platform.ts";
import { Attributes } from "./attributes.ts";
import type { ExportRequest } from "./export-request.ts";
import { readEpoch } from "./image-options.ts";
import { epochOf } from "./image-source.ts";
import type { SolvedResult } from "./solved-result.ts";

/** The files of one platform. */
export interface TreePart {
  readonly result: SolvedResult;
  /** "" or the directory of the platform. */
  readonly prefix: string;
  /** The time of everything, Unix seconds. */
  readonly epoch: number | undefined;
  /** What begins the name of a file with statements about the others. */
  readonly attestationPrefix: string;
}

/** In the order of their directories. Throws invalidParameter for what nobody carries out. */
export function readTreeParts({ exporter, results }: ExportRequest): TreePart[] {
  const attributes = new Attributes(exporter);
  const epoch = readEpoch(attributes);
  const isSplit = attributes.flag("platform-split", results.length > 1);
  const attestationPrefix = attributes.text("attestation-prefix") ?? "";
  attributes.end();
  if (results.length > 1 && !isSplit) {
    throw invalidParameter("platform-split=false is not supported for several platforms: their files would be mixed");
  }
  const parts = results.map((result) => ({
    result,
    prefix: isSplit ? platformDirectory(result.planned.platform) : "",
    epoch: epochOf(result, { epoch }),
    attestationPrefix,
  }));
  return parts.toSorted((a, b) => (a.prefix < b.prefix ? -1 : 1));
}

const platformDirectory = ({ os, architecture, variant }: Platform): string =>
  [os, architecture, variant].filter((word) => word !== "").join("_");
