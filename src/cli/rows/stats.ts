/** The columns of `stats`. */
import { shortId } from "../../base/ids.ts";
import type { RowKind } from "../format/rows.ts";
import { binarySize, humanSize } from "../format/size.ts";
import type { Watched } from "../stats/board.ts";
import type { Usage } from "../stats/usage.ts";

const SIZE_DIGITS = 3;
const UNKNOWN = "--";

const percent = (value: number): string => `${value.toFixed(2)}%`;
const sizes = (one: number, other: number): string =>
  `${humanSize(one, SIZE_DIGITS)} / ${humanSize(other, SIZE_DIGITS)}`;

export function statsRows({ truncate }: { readonly truncate: boolean }): RowKind<Watched> {
  const known = (text: (usage: Usage) => string, unknown = UNKNOWN) => ({
    value: ({ usage }: Watched): string => (usage === undefined ? unknown : text(usage)),
  });
  return {
    typeName: "*container.statsContext",
    id: "ID",
    table: ["ID", "Name", "CPUPerc", "MemUsage", "MemPerc", "NetIO", "BlockIO", "PIDs"],
    columns: {
      Container: { header: "CONTAINER", value: ({ container }) => container },
      ID: { header: "CONTAINER ID", value: ({ id }) => (truncate ? shortId(id) : id) || UNKNOWN },
      Name: { header: "NAME", value: ({ name }) => name || UNKNOWN },
      CPUPerc: { header: "CPU %", ...known(({ cpuPercent }) => percent(cpuPercent)) },
      MemUsage: {
        header: "MEM USAGE / LIMIT",
        ...known(({ memory, memoryLimit }) => `${binarySize(memory)} / ${binarySize(memoryLimit)}`, "-- / --"),
      },
      MemPerc: { header: "MEM %", ...known(({ memoryPercent }) => percent(memoryPercent)) },
      NetIO: { header: "NET I/O", ...known(({ received, sent }) => sizes(received, sent)) },
      BlockIO: { header: "BLOCK I/O", ...known(({ read, written }) => sizes(read, written)) },
      PIDs: { header: "PIDS", ...known(({ processes }) => String(processes)) },
    },
  };
}
