/** tare export: a container's file system as a tar archive. */
import { defineCommand } from "../command.ts";
import { CommandError } from "../errors.ts";
import { textFlag } from "../flag-kinds.ts";
import { checkOutput, writeOutput } from "../output-file.ts";

export const command = defineCommand({
  usage: "[OPTIONS] CONTAINER",
  flags: { output: textFlag("Write to a file, instead of STDOUT", { short: "o" }) },
  args: [1, 1],
  async run(context, { flags: { output }, args: [ref = ""] }) {
    const { io, env } = context;
    if (output === "" && io.isTerminal(1)) {
      throw new CommandError("cowardly refusing to save to a terminal. Use the -o flag or redirect");
    }
    if (output !== "") await checkOutput(env.cwd, output, "failed to export container: ");
    const { archives } = await context.client();
    const tar = await archives.export(ref);
    if (output !== "") await writeOutput(env.cwd, output, tar);
    else for await (const piece of tar) await io.stdout.write(piece);
    return 0;
  },
});
