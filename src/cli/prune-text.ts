/** What prune commands print of the things they removed: a block with a blank line behind it, or nothing. */
import type { ImagePruneReport } from "../wire/image.ts";
import { neutraliseLine } from "./neutralise.ts";

export function prunedImages({ ImagesDeleted }: ImagePruneReport): string {
  const lines = (ImagesDeleted ?? []).map(({ Untagged, Deleted }) =>
    Untagged ? `untagged: ${Untagged}` : `deleted: ${Deleted ?? ""}`,
  );
  return block("Deleted Images:", lines);
}

/** `names` of containers, networks and volumes. */
export function prunedNames(title: string, names: readonly string[] | null): string {
  return block(title, names ?? []);
}

const block = (title: string, lines: readonly string[]): string =>
  lines.length === 0 ? "" : `${[title, ...lines.map(neutraliseLine)].join("\n")}\n\n`;
