/** The columns of the build cache and of builds. */

import { fromTimestamp } from "../../wire/buildkit/common.ts";
import type { BuildHistoryEvent, UsageRecord } from "../../wire/buildkit/control.ts";
import type { MessageOf } from "../../wire/protobuf/message.ts";
import { ellipsis } from "../format/ellipsis.ts";
import type { RowKind } from "../format/rows.ts";
import { humanSize } from "../format/size.ts";
import { agoText, instantText } from "./times.ts";

export type CacheRecord = MessageOf<typeof UsageRecord>;
export type BuildRecord = NonNullable<MessageOf<typeof BuildHistoryEvent>["record"]>;

const dateOf = (stamp: CacheRecord["createdAt"]): string =>
  stamp === undefined ? "" : instantText(new Date(fromTimestamp(stamp)).toISOString());

export function cacheRows(nowMs: number): RowKind<CacheRecord> {
  const lastUsed = ({ lastUsedAt }: CacheRecord): string =>
    lastUsedAt === undefined ? "" : agoText(fromTimestamp(lastUsedAt) / 1000, nowMs);
  return {
    typeName: "*commands.duContext",
    id: "ID",
    table: ["ID", "Reclaimable", "Size", "LastUsedAt"],
    columns: {
      ID: { header: "ID", value: ({ id, mutable }) => (mutable ? `${id}*` : id) },
      Parents: { header: "PARENTS", value: ({ parents }) => parents.join(",") },
      CreatedAt: { header: "CREATED AT", value: ({ createdAt }) => dateOf(createdAt) },
      Mutable: { header: "MUTABLE", value: ({ mutable }) => String(mutable) },
      Reclaimable: { header: "RECLAIMABLE", value: ({ inUse }) => String(!inUse) },
      Shared: { header: "SHARED", value: ({ shared }) => String(shared) },
      Size: { header: "SIZE", value: ({ size }) => humanSize(size) },
      Description: { header: "DESCRIPTION", value: ({ description }) => description },
      UsageCount: { header: "USAGE COUNT", value: ({ usageCount }) => String(usageCount) },
      LastUsedAt: { header: "LAST ACCESSED", value: lastUsed },
      Type: { header: "TYPE", value: ({ recordType }) => recordType },
    },
  };
}

const NAME_CELLS = 36;

export function buildRows(options: { readonly truncate: boolean; readonly nowMs: number }): RowKind<BuildRecord> {
  const { truncate, nowMs } = options;
  return {
    typeName: "*history.lsContext",
    id: "Ref",
    table: ["Ref", "Name", "Status", "CreatedAt", "Duration"],
    columns: {
      Ref: { header: "BUILD ID", value: ({ ref }) => ref },
      Name: {
        header: "NAME",
        value: (record) => (truncate ? ellipsis(buildName(record), NAME_CELLS) : buildName(record)),
      },
      Status: { header: "STATUS", value: buildStatus },
      CreatedAt: {
        header: "CREATED AT",
        value: ({ createdAt }) => (createdAt === undefined ? "" : agoText(fromTimestamp(createdAt) / 1000, nowMs)),
      },
      Duration: { header: "DURATION", value: (record) => buildDuration(record, nowMs) },
    },
  };
}

/** The name of its first image, or what else tells it from others. */
export function buildName({ exporters, frontendAttrs }: BuildRecord): string {
  const [image = ""] = (exporters.map(({ attrs }) => attrs.get("name") ?? "").find((name) => name !== "") ?? "").split(
    ",",
  );
  const target = frontendAttrs.get("target") ?? "";
  const name = image || (frontendAttrs.get("context") ?? frontendAttrs.get("filename") ?? "");
  return target === "" ? name : `${name} (${target})`;
}

export function buildStatus({ completedAt, error }: BuildRecord): string {
  if (completedAt === undefined) return "Running";
  if (error === undefined) return "Completed";
  return error.message.endsWith("context canceled") ? "Canceled" : "Error";
}

export function buildDuration({ createdAt, completedAt }: BuildRecord, nowMs: number): string {
  if (createdAt === undefined) return "";
  const seconds = ((completedAt === undefined ? nowMs : fromTimestamp(completedAt)) - fromTimestamp(createdAt)) / 1000;
  const minutes = Math.floor(seconds / 60);
  const text = minutes === 0 ? `${seconds.toFixed(1)}s` : `${minutes}m ${Math.floor(seconds % 60)}s`;
  return completedAt === undefined ? `${text}+` : text;
}
