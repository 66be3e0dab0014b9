/** tare network disconnect: take a container off a network. */
import { defineCommand } from "../command.ts";
import { switchFlag } from "../flag-kinds.ts";

export const command = defineCommand({
  usage: "[OPTIONS] NETWORK CONTAINER",
  flags: { force: switchFlag("Force the container to disconnect from a network", { short: "f" }) },
  args: [2, 2],
  async run(context, { flags, args: [network = "", container = ""] }) {
    const { networks } = await context.client();
    await networks.disconnect(network, container, { force: flags.force });
    return 0;
  },
});
