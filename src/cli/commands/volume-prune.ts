/** tare volume prune: remove volumes that no container has. */
import { defineCommand } from "../command.ts";
import { confirm } from "../confirm.ts";
import { CommandError } from "../errors.ts";
import { filterFlag, withFilter } from "../filter-flag.ts";
import { switchFlag } from "../flag-kinds.ts";
import { humanSize } from "../format/size.ts";

const warning = (which: string): string =>
  `WARNING! This will remove ${which} volumes not used by at least one container.\nAre you sure you want to continue?`;

export const command = defineCommand({
  usage: "[OPTIONS]",
  flags: {
    all: switchFlag("Remove all unused volumes, not just anonymous ones", { short: "a" }),
    filter: filterFlag('Provide filter values (e.g. "label=<label>")'),
    force: switchFlag("Do not prompt for confirmation", { short: "f" }),
  },
  args: [0, 0],
  async run(context, { flags }) {
    if (flags.all && flags.filter["all"] !== undefined) {
      throw new CommandError("conflicting options: cannot specify both --all and --filter all=1");
    }
    const question = warning(flags.all ? "all local" : "anonymous local");
    if (!flags.force && !(await confirm(context.io, question))) return 0;
    const { volumes } = await context.client();
    const filters = flags.all ? withFilter(flags.filter, "all", "true") : flags.filter;
    const { VolumesDeleted, SpaceReclaimed } = await volumes.prune(filters);
    const list = VolumesDeleted.length > 0 ? `Deleted Volumes:\n${VolumesDeleted.join("\n")}\n\n` : "";
    await context.io.stdout.write(`${list}Total reclaimed space: ${humanSize(SpaceReclaimed)}\n`);
    return 0;
  },
});
