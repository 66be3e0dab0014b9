/** tare volume update: for volumes of a swarm, of which there are none. */
import { defineCommand } from "../command.ts";
import { CommandError } from "../errors.ts";
import { textFlag } from "../flag-kinds.ts";

export const command = defineCommand({
  usage: "[OPTIONS] [VOLUME]",
  flags: {
    availability: textFlag('Cluster Volume availability ("active", "pause", "drain")', { initial: "active" }),
  },
  args: [1, 1],
  async run(context, { args: [name = ""] }) {
    const { volumes } = await context.client();
    await volumes.inspect(name);
    throw new CommandError("Can only update cluster volumes");
  },
});
