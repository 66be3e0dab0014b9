/** The columns of `network ls`. */
import { shortId } from "../../base/ids.ts";
import type { NetworkInspect } from "../../wire/network.ts";
import type { RowKind } from "../format/rows.ts";
import { labelsText } from "./labels.ts";
import { instantText } from "./times.ts";

export function networkRows(truncate: boolean): RowKind<NetworkInspect> {
  return {
    typeName: "*formatter.networkContext",
    id: "ID",
    table: ["ID", "Name", "Driver", "Scope"],
    raw: [
      { name: "network_id", column: "ID", quiet: true },
      { name: "name", column: "Name" },
      { name: "driver", column: "Driver" },
      { name: "scope", column: "Scope" },
    ],
    label: ({ Labels }, name) => Labels[name] ?? "",
    columns: {
      ID: { header: "NETWORK ID", value: ({ Id }) => (truncate ? shortId(Id) : Id) },
      Name: { header: "NAME", value: ({ Name }) => Name },
      Driver: { header: "DRIVER", value: ({ Driver }) => Driver },
      Scope: { header: "SCOPE", value: ({ Scope }) => Scope },
      IPv4: { header: "IPV4", value: ({ EnableIPv4 }) => String(EnableIPv4) },
      IPv6: { header: "IPV6", value: ({ EnableIPv6 }) => String(EnableIPv6) },
      Internal: { header: "INTERNAL", value: ({ Internal }) => String(Internal) },
      Labels: { header: "LABELS", value: ({ Labels }) => labelsText(Labels) },
      CreatedAt: { header: "CREATED AT", value: ({ Created }) => instantText(Created) },
    },
  };
}
