/** tare unpause: let the processes of paused containers go on. */
import { defineCommand } from "../command.ts";
import { eachNamed } from "../each.ts";

export const command = defineCommand({
  usage: "CONTAINER [CONTAINER...]",
  flags: {},
  args: [1, Number.POSITIVE_INFINITY],
  async run(context, { args }) {
    const { containers } = await context.client();
    return eachNamed(context, args, (ref) => containers.unpause(ref));
  },
});
