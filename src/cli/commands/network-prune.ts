/** tare network prune: remove networks that no running container is on. */
import { defineCommand } from "../command.ts";
import { confirm } from "../confirm.ts";
import { filterFlag } from "../filter-flag.ts";
import { switchFlag } from "../flag-kinds.ts";

const WARNING =
  "WARNING! This will remove all custom networks not used by at least one container.\nAre you sure you want to continue?";

export const command = defineCommand({
  usage: "[OPTIONS]",
  flags: {
    filter: filterFlag('Provide filter values (e.g. "until=<timestamp>")'),
    force: switchFlag("Do not prompt for confirmation", { short: "f" }),
  },
  args: [0, 0],
  async run(context, { flags }) {
    if (!flags.force && !(await confirm(context.io, WARNING))) return 0;
    const { networks } = await context.client();
    const { NetworksDeleted } = await networks.prune(flags.filter);
    const deleted = NetworksDeleted ?? [];
    if (deleted.length > 0) await context.io.stdout.write(`Deleted Networks:\n${deleted.join("\n")}\n\n`);
    return 0;
  },
});
