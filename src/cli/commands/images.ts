/** tare images: list images. */
import { defineCommand } from "../command.ts";
import { filterFlag, withFilter } from "../filter-flag.ts";
import { switchFlag } from "../flag-kinds.ts";
import { tableFormatFlag } from "../format-flag.ts";
import { printRows } from "../row-output.ts";
import { imageRows, toImageRows } from "../rows/images.ts";

export const command = defineCommand({
  usage: "[OPTIONS] [REPOSITORY[:TAG]]",
  flags: {
    all: switchFlag("Show all images (default hides intermediate images)", { short: "a" }),
    digests: switchFlag("Show digests"),
    filter: filterFlag("Filter output based on conditions provided", { short: "f" }),
    format: tableFormatFlag(),
    "no-trunc": switchFlag("Don't truncate output"),
    quiet: switchFlag("Only show image IDs", { short: "q" }),
  },
  args: [0, 1],
  async run(context, { flags, args }) {
    const { all, digests, format, quiet } = flags;
    const [reference = ""] = args;
    const filters = reference === "" ? flags.filter : withFilter(flags.filter, "reference", reference);
    const { images } = await context.client();
    const kind = imageRows({ truncate: !flags["no-trunc"], digests, nowMs: Date.now() });
    const rows = toImageRows(await images.list({ all, filters }), digests || format.includes(".Digest"));
    await printRows(context, kind, rows, { format, quiet });
    return 0;
  },
});
