/** tare container prune: remove all stopped containers. */
import { defineCommand } from "../command.ts";
import { confirm } from "../confirm.ts";
import { filterFlag } from "../filter-flag.ts";
import { switchFlag } from "../flag-kinds.ts";
import { humanSize } from "../format/size.ts";

const WARNING = "WARNING! This will remove all stopped containers.\nAre you sure you want to continue?";

export const command = defineCommand({
  usage: "[OPTIONS]",
  flags: {
    filter: filterFlag('Provide filter values (e.g. "until=<timestamp>")'),
    force: switchFlag("Do not prompt for confirmation", { short: "f" }),
  },
  args: [0, 0],
  async run(context, { flags }) {
    if (!flags.force && !(await confirm(context.io, WARNING))) return 0;
    const { containers } = await context.client();
    const { ContainersDeleted, SpaceReclaimed } = await containers.prune(flags.filter);
    const deleted = ContainersDeleted ?? [];
    const list = deleted.length > 0 ? `Deleted Containers:\n${deleted.join("\n")}\n\n` : "";
    await context.io.stdout.write(`${list}Total reclaimed space: ${humanSize(SpaceReclaimed)}\n`);
    return 0;
  },
});
