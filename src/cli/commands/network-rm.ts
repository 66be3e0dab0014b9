/** tare network rm: remove networks. */
import { isStatus } from "../../client/errors.ts";
import { defineCommand } from "../command.ts";
import { eachOf } from "../each.ts";
import { switchFlag } from "../flag-kinds.ts";

export const command = defineCommand({
  usage: "[OPTIONS] NETWORK [NETWORK...]",
  flags: { force: switchFlag("Do not error if the network does not exist", { short: "f" }) },
  args: [1, Number.POSITIVE_INFINITY],
  async run(context, { flags, args }) {
    const { networks } = await context.client();
    return eachOf(context, args, async (ref) => {
      try {
        await networks.remove(ref);
        return `${ref}\n`;
      } catch (error) {
        if (flags.force && isStatus(error, 404)) return "";
        throw error;
      }
    });
  },
});
