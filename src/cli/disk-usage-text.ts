/** `system df -v`: every image, container and volume with its share of the disk (docker/cli formatter/disk_usage.go). */
import type { ContainerSummary } from "../wire/container.ts";
import type { DiskUsage } from "../wire/disk-usage.ts";
import type { ImageSummary } from "../wire/image.ts";
import { CommandError } from "./errors.ts";
import { toRow } from "./format/row-template.ts";
import { type RowKind, renderRows } from "./format/rows.ts";
import { humanSize } from "./format/size.ts";
import { toJson } from "./format/template/json.ts";
import { compile } from "./format/template/template.ts";
import { TemplateError } from "./format/template/template-error.ts";
import { type Field, Struct, type Value } from "./format/template/value.ts";
import { usedCache, usedContainers, usedImages, usedVolumes } from "./rows/disk-usage.ts";
import { type ImageRow, toImageRows } from "./rows/images.ts";

/** Throws CommandError for a template that is none or does not fit. */
export async function verboseUsage(usage: Required<DiskUsage>, format: string, nowMs: number): Promise<string> {
  if (format === "" || format === "table") return tables(usage, nowMs);
  const data = usageValue(usage, nowMs);
  if (format === "json") return `${toJson(data)}\n`;
  try {
    return compile(format)(data);
  } catch (error) {
    if (error instanceof TemplateError) throw new CommandError(`template parsing error: ${error.message}`);
    throw error;
  }
}

async function tables(usage: Required<DiskUsage>, nowMs: number): Promise<string> {
  const options = { truncate: true, nowMs };
  const table = <T>(kind: RowKind<T>, items: readonly T[]): Promise<string> =>
    renderRows(kind, items, { format: "", quiet: false });
  return [
    "Images space usage:\n\n",
    await table(usedImages(options), usage.ImageUsage.Items.map(firstName)),
    "\nContainers space usage:\n\n",
    await table(usedContainers(options), usage.ContainerUsage.Items.map(ownSize)),
    "\nLocal Volumes space usage:\n\n",
    await table(usedVolumes, usage.VolumeUsage.Items),
    `\nBuild cache usage: ${humanSize(usage.BuildCacheUsage.TotalSize)}\n\n`,
    await table(usedCache(options), usage.BuildCacheUsage.Items),
  ].join("");
}

/** What a template sees: lists of rows. */
function usageValue(usage: Required<DiskUsage>, nowMs: number): Value {
  const options = { truncate: false, nowMs };
  const field = <T>(name: string, kind: RowKind<T>, items: readonly T[]): [string, Field] => [
    name,
    { json: name, value: items.map((item) => toRow(kind, item)) },
  ];
  return new Struct(
    "*formatter.diskUsageContext",
    new Map([
      field("Images", usedImages(options), usage.ImageUsage.Items.map(firstName)),
      field("Containers", usedContainers(options), usage.ContainerUsage.Items.map(ownSize)),
      field("Volumes", usedVolumes, usage.VolumeUsage.Items),
      field("BuildCache", usedCache(options), usage.BuildCacheUsage.Items),
    ]),
  );
}

const NONE = "<none>";

/** One row an image, whatever names it has. */
function firstName(image: ImageSummary): ImageRow {
  const [first] = toImageRows([{ ...image, RepoDigests: [] }], false);
  return { image, repository: first?.repository ?? NONE, tag: first?.tag ?? NONE, digest: "" };
}

/** Without the image's part, which is told above. */
function ownSize(container: ContainerSummary): ContainerSummary {
  return { ...container, SizeRootFs: 0 };
}
