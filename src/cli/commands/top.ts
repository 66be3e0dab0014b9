/** tare top: the processes of a container, through ps and its options. */
import { defineCommand } from "../command.ts";
import { alignRows } from "../format/table.ts";
import { neutraliseLine } from "../neutralise.ts";

const COLUMN_CELLS = 20;

export const command = defineCommand({
  usage: "CONTAINER [ps OPTIONS]",
  flags: {},
  args: [1, Number.POSITIVE_INFINITY],
  interspersed: false,
  async run(context, { args }) {
    const [ref = "", ...psOptions] = args;
    const { containers } = await context.client();
    const { Titles, Processes } = await containers.top(ref, psOptions.join(" "));
    const rows = [Titles, ...Processes].map((row) => row.map(neutraliseLine));
    await context.io.stdout.write(alignRows(rows, COLUMN_CELLS));
    return 0;
  },
});
