/** tare image prune: remove images that nothing uses. */
import { defineCommand } from "../command.ts";
import { confirm } from "../confirm.ts";
import { filterFlag, withFilter } from "../filter-flag.ts";
import { switchFlag } from "../flag-kinds.ts";
import { humanSize } from "../format/size.ts";
import { prunedImages } from "../prune-text.ts";

const warning = (what: string): string => `WARNING! This will remove all ${what}.\nAre you sure you want to continue?`;

export const command = defineCommand({
  usage: "[OPTIONS]",
  flags: {
    all: switchFlag("Remove all unused images, not just dangling ones", { short: "a" }),
    filter: filterFlag('Provide filter values (e.g. "until=<timestamp>")'),
    force: switchFlag("Do not prompt for confirmation", { short: "f" }),
  },
  args: [0, 0],
  async run(context, { flags: { all, filter, force } }) {
    const { io } = context;
    const what = all ? "images without at least one container associated to them" : "dangling images";
    if (!force && !(await confirm(io, warning(what)))) return 0;
    const { images } = await context.client();
    const report = await images.prune(withFilter(filter, "dangling", String(!all)));
    await io.stdout.write(`${prunedImages(report)}Total reclaimed space: ${humanSize(report.SpaceReclaimed)}\n`);
    return 0;
  },
});
