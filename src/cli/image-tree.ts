/** `images --tree`: every image with what is known of its platforms, indented below it. */
import { shortId } from "../base/ids.ts";
import type { ImageManifestSummary, ImageSummary } from "../wire/image.ts";
import { humanSize } from "./format/size.ts";
import { alignRows } from "./format/table.ts";
import { neutraliseLine } from "./neutralise.ts";

const HEADERS = ["IMAGE", "ID", "DISK USAGE", "CONTENT SIZE", "EXTRA"] as const;
const SIZE_DIGITS = 3;
const IN_USE = "U";

type Row = readonly string[];

/** The newest first, as the list comes; the last column tells which are in use. */
export function treeText(images: readonly ImageSummary[]): string {
  const rows = images.flatMap(rowsOf).map((row) => row.map(neutraliseLine));
  return alignRows([HEADERS, ...rows]);
}

function rowsOf(image: ImageSummary): Row[] {
  const platforms = (image.Manifests ?? []).filter(({ Kind }) => Kind === "image");
  const content = platforms.reduce((total, { Size }) => total + Size.Content, 0);
  const [first = "<untagged>", ...others] = image.RepoTags;
  const details = [shortId(image.Id), size(image.Size), size(content), image.Containers > 0 ? IN_USE : ""];
  return [
    [first, ...details],
    ...others.map((name) => [name, "", "", "", ""]),
    ...platforms.map((manifest, at) => platformRow(manifest, at === platforms.length - 1)),
  ];
}

function platformRow({ ID, Size, ImageData, Available }: ImageManifestSummary, isLast: boolean): Row {
  const { Platform, Containers = [] } = ImageData ?? {};
  const words = [Platform?.os ?? "unknown", Platform?.architecture ?? "", Platform?.variant ?? ""];
  const name = words.filter((word) => word !== "").join("/");
  const extra = Containers.length > 0 ? IN_USE : Available ? "" : "not here";
  return [`${isLast ? "└─" : "├─"} ${name}`, shortId(ID), size(Size.Total), size(Size.Content), extra];
}

const size = (bytes: number): string => humanSize(bytes, SIZE_DIGITS);
