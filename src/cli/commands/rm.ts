/** tare rm: remove containers. */
import { isStatus } from "../../client/errors.ts";
import { defineCommand } from "../command.ts";
import { eachOf } from "../each.ts";
import { CommandError } from "../errors.ts";
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
    const remove = async (given: string): Promise<string> => {
      const ref = given.replace(/^\/+|\/+$/g, "");
      if (ref === "") throw new CommandError("container name cannot be empty");
      await containers.remove(ref, options);
      return `${given}\n`;
    };
    // What is to be gone by force and is not there is no failure.
    return eachOf(context, args, remove, (error) => !flags.force || !isStatus(error, 404));
  },
});
