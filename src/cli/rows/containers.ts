/** The columns of `ps`. */
import { shortId } from "../../base/ids.ts";
import type { ContainerSummary } from "../../wire/container.ts";
import { ellipsis } from "../format/ellipsis.ts";
import type { RowKind } from "../format/rows.ts";
import { humanSize } from "../format/size.ts";
import { quote } from "../format/template/quote.ts";
import { labelsText } from "./labels.ts";
import { portsText } from "./ports.ts";
import { agoText, dateText } from "./times.ts";

const COMMAND_CELLS = 20;
const MOUNT_CELLS = 15;
const SIZE_DIGITS = 3;

export interface ContainerRowOptions {
  /** Shorten ids, commands and names. */
  readonly truncate: boolean;
  /** The table has a SIZE column. */
  readonly size: boolean;
  readonly nowMs: number;
}

export function containerRows({ truncate, size, nowMs }: ContainerRowOptions): RowKind<ContainerSummary> {
  const table = ["ID", "Image", "Command", "RunningFor", "Status", "Ports", "Names"];
  return {
    typeName: "*formatter.ContainerContext",
    id: "ID",
    table: size ? [...table, "Size"] : table,
    nulls: ["Platform"],
    label: ({ Labels }, name) => Labels[name] ?? "",
    raw: size ? [...RAW, { name: "size", column: "Size" }] : RAW,
    columns: {
      ID: { header: "CONTAINER ID", value: ({ Id }) => (truncate ? shortId(Id) : Id) },
      Image: { header: "IMAGE", value: (item) => imageText(item, truncate) },
      Command: {
        header: "COMMAND",
        value: ({ Command }) => quote(truncate ? ellipsis(Command, COMMAND_CELLS) : Command),
      },
      CreatedAt: { header: "CREATED AT", value: ({ Created }) => dateText(Created) },
      RunningFor: { header: "CREATED", value: ({ Created }) => agoText(Created, nowMs) },
      Status: { header: "STATUS", value: ({ Status }) => Status },
      State: { header: "STATE", value: ({ State }) => State },
      Ports: { header: "PORTS", value: ({ Ports }) => portsText(Ports) },
      Names: { header: "NAMES", value: ({ Names }) => namesText(Names, truncate) },
      Size: { header: "SIZE", value: sizeText },
      Labels: { header: "LABELS", value: ({ Labels }) => labelsText(Labels) },
      Mounts: { header: "MOUNTS", value: (item) => mountsText(item, truncate) },
      LocalVolumes: {
        header: "LOCAL VOLUMES",
        value: ({ Mounts }) => String(Mounts.filter(({ Driver }) => Driver === "local").length),
      },
      Networks: { header: "NETWORKS", value: (item) => Object.keys(item.NetworkSettings.Networks).join(",") },
    },
  };
}

const RAW = [
  { name: "container_id", column: "ID", quiet: true },
  { name: "image", column: "Image" },
  { name: "command", column: "Command" },
  { name: "created_at", column: "CreatedAt" },
  { name: "state", column: "State" },
  { name: "status", column: "Status" },
  { name: "names", column: "Names" },
  { name: "labels", column: "Labels" },
  { name: "ports", column: "Ports" },
] as const;

/** A digest is dropped from a name, and an id shortened. */
function imageText({ Image, ImageID }: ContainerSummary, truncate: boolean): string {
  if (Image === "") return "<no image>";
  if (!truncate) return Image;
  if (shortId(ImageID) === shortId(Image)) return shortId(Image);
  return Image.replace(/@sha256:[0-9a-f]+$/, "").replace(/^docker\.io\/(?:library\/)?/, "");
}

/** Without links ("/db/alias") when shortened. */
function namesText(names: readonly string[], truncate: boolean): string {
  const plain = names.map((name) => name.replace(/^\//, ""));
  const own = truncate ? plain.find((name) => !name.includes("/")) : undefined;
  return own ?? plain.join(",");
}

function sizeText({ SizeRw = 0, SizeRootFs = 0 }: ContainerSummary): string {
  const own = humanSize(SizeRw, SIZE_DIGITS);
  return SizeRootFs > 0 ? `${own} (virtual ${humanSize(SizeRootFs, SIZE_DIGITS)})` : own;
}

function mountsText({ Mounts }: ContainerSummary, truncate: boolean): string {
  return Mounts.map(({ Name, Source }) => Name || Source)
    .map((name) => (truncate ? ellipsis(name, MOUNT_CELLS) : name))
    .join(",");
}
