/** tare rm: remove containers. */
import { isStatus } from "../../client/errors.ts";
import { defineCommand } from "../command.ts";
import { eachOf } from "../each.ts";
import { CommandError, errorText } from "../errors.ts";
import { switchFlag } from "../flag-kinds.ts";

export const command = defineCommand({
  usage: "[OPTIONS] CONTAINER [CONTAINER...]",
  flags: {
    force: switchFlag("Force the removal of a running container (uses SIGKILL)", { short: "f" }),
    link: switchFlag("Remove the specified link", { short: "l" }),
    volumes: switchFlag("Remove anonymous volumes associated with the container", { short: "v" }),
  },
  args: [1, Number.POSITIVE_INFINITY],
  async run(context, { flags, args }) {
    const { containers } = await context.client();
    const options = { force: flags.force, link: flags.link, v: flags.volumes };
    return eachOf(context, args, async (given) => {
      const ref = given.replace(/^\/+|\/+$/g, "");
      if (ref === "") throw new CommandError("container name cannot be empty");
      try {
        await containers.remove(ref, options);
        return `${given}\n`;
      } catch (error) {
        // What is to be gone by force and is not there is no failure.
        if (!flags.force || !isStatus(error, 404)) throw error;
        await context.io.stderr.write(`${errorText(error)}\n`);
        return "";
      }
    });
  },
});
