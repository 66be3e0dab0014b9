/** tare network rm: remove networks. */
import { isStatus } from "../../client/errors.ts";
import { defineCommand } from "../command.ts";
import { errorText } from "../errors.ts";
import { switchFlag } from "../flag-kinds.ts";
import { neutralise } from "../neutralise.ts";

export const command = defineCommand({
  usage: "[OPTIONS] NETWORK [NETWORK...]",
  flags: { force: switchFlag("Do not error if the network does not exist", { short: "f" }) },
  args: [1, Number.POSITIVE_INFINITY],
  async run(context, { flags, args }) {
    const { networks } = await context.client();
    let exitCode = 0;
    // One after another: a network may be in the way of the next one's removal.
    for (const ref of args) {
      try {
        await networks.remove(ref);
        await context.io.stdout.write(`${neutralise(ref)}\n`);
      } catch (error) {
        if (flags.force && isStatus(error, 404)) continue;
        await context.io.stderr.write(`${errorText(error)}\n`);
        exitCode = 1;
      }
    }
    return exitCode;
  },
});
