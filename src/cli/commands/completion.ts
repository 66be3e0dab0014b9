/** tare completion: the script that teaches a shell to complete command lines. */
import { defineCommand } from "../command.ts";
import { SCRIPTS } from "../completion/scripts.ts";
import { CommandError } from "../errors.ts";

export const command = defineCommand({
  usage: "bash|zsh|fish",
  flags: {},
  args: [1, 1],
  async run({ io }, { args }) {
    const [shell = ""] = args;
    const script = Object.entries(SCRIPTS).find(([name]) => name === shell)?.[1];
    if (script === undefined) {
      throw new CommandError(
        `there is no completion for ${JSON.stringify(shell)}: there is ${Object.keys(SCRIPTS).join(", ")}`,
      );
    }
    await io.stdout.write(script);
    return 0;
  },
});
