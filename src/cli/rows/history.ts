/** The columns of `history`. */
import { shortId } from "../../base/ids.ts";
import type { ImageHistoryItem } from "../../wire/image.ts";
import { ellipsis } from "../format/ellipsis.ts";
import type { RowKind } from "../format/rows.ts";
import { humanSize } from "../format/size.ts";
import { agoText } from "./times.ts";

const COMMAND_CELLS = 45;
const SIZE_DIGITS = 3;
const MISSING = "<missing>";

export interface HistoryRowOptions {
  readonly truncate: boolean;
  /** Sizes and dates for people. */
  readonly human: boolean;
  readonly nowMs: number;
}

export function historyRows({ truncate, human, nowMs }: HistoryRowOptions): RowKind<ImageHistoryItem> {
  const dateOf = ({ Created }: ImageHistoryItem): string =>
    new Date(Created * 1000).toISOString().replace(".000Z", "Z");
  return {
    typeName: "*history.historyContext",
    id: "ID",
    table: ["ID", human ? "CreatedSince" : "CreatedAt", "CreatedBy", "Size", "Comment"],
    columns: {
      ID: { header: "IMAGE", value: ({ Id }) => (truncate && Id !== MISSING ? shortId(Id) : Id) },
      CreatedSince: { header: "CREATED", value: ({ Created }) => agoText(Created, nowMs) },
      CreatedAt: { header: "CREATED AT", value: dateOf },
      CreatedBy: { header: "CREATED BY", value: ({ CreatedBy }) => commandText(CreatedBy, truncate) },
      Size: { header: "SIZE", value: ({ Size }) => (human ? humanSize(Size, SIZE_DIGITS) : String(Size)) },
      Comment: { header: "COMMENT", value: ({ Comment }) => Comment },
    },
  };
}

function commandText(text: string, truncate: boolean): string {
  const line = text.replaceAll("\t", " ");
  return truncate ? ellipsis(line, COMMAND_CELLS) : line;
}
