/** tare volume rm: remove volumes. */
import { defineCommand } from "../command.ts";
import { eachNamed } from "../each.ts";
import { switchFlag } from "../flag-kinds.ts";

export const command = defineCommand({
  usage: "[OPTIONS] VOLUME [VOLUME...]",
  flags: { force: switchFlag("Force the removal of one or more volumes", { short: "f" }) },
  args: [1, Number.POSITIVE_INFINITY],
  async run(context, { flags, args }) {
    const { volumes } = await context.client();
    return eachNamed(context, args, (name) => volumes.remove(name, { force: flags.force }));
  },
});
