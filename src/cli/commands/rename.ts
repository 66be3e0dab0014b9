/** tare rename: give a container another name. */
import { defineCommand } from "../command.ts";
import { CommandError, errorText } from "../errors.ts";

export const command = defineCommand({
  usage: "CONTAINER NEW_NAME",
  flags: {},
  args: [2, 2],
  async run(context, { args }) {
    const [from = "", to = ""] = args.map((name) => name.trim());
    if (from === "" || to === "") throw new CommandError("Error: Neither old nor new names may be empty");
    const { containers } = await context.client();
    try {
      await containers.rename(from, to);
    } catch (cause) {
      const reason = `${errorText(cause)}\nError: failed to rename container named ${from}`;
      throw new CommandError(reason, 1, { cause });
    }
    return 0;
  },
});
