/** The columns of `volume ls`. */
import type { Volume } from "../../wire/volume.ts";
import type { RowKind } from "../format/rows.ts";
import { humanSize } from "../format/size.ts";
import { labelsText } from "./labels.ts";

/** What only volumes of a swarm have, or what only `system df` measures. */
const UNKNOWN = "N/A";

export const volumeRows: RowKind<Volume> = {
  typeName: "*formatter.volumeContext",
  id: "Name",
  table: ["Driver", "Name"],
  raw: [
    { name: "name", column: "Name", quiet: true },
    { name: "driver", column: "Driver" },
  ],
  label: ({ Labels }, name) => Labels?.[name] ?? "",
  columns: {
    Name: { header: "VOLUME NAME", value: ({ Name }) => Name },
    Driver: { header: "DRIVER", value: ({ Driver }) => Driver },
    Scope: { header: "SCOPE", value: ({ Scope }) => Scope },
    Mountpoint: { header: "MOUNTPOINT", value: ({ Mountpoint }) => Mountpoint },
    Labels: { header: "LABELS", value: ({ Labels }) => labelsText(Labels) },
    Links: { header: "LINKS", value: ({ UsageData }) => (UsageData ? String(UsageData.RefCount) : UNKNOWN) },
    Size: { header: "SIZE", value: ({ UsageData }) => (UsageData ? humanSize(UsageData.Size) : UNKNOWN) },
    Group: { header: "GROUP", value: () => UNKNOWN },
    Availability: { header: "AVAILABILITY", value: () => UNKNOWN },
    Status: { header: "STATUS", value: () => UNKNOWN },
  },
};
