/** tare save: images as one tar archive. */
import { defineCommand } from "../command.ts";
import { CommandError } from "../errors.ts";
import { textFlag } from "../flag-kinds.ts";
import { checkOutput, writeOutput } from "../output-file.ts";
import { platformFlag, platformJson } from "../platform-flag.ts";

export const command = defineCommand({
  usage: "[OPTIONS] IMAGE [IMAGE...]",
  flags: {
    output: textFlag("Write to a file, instead of STDOUT", { short: "o" }),
    platform: platformFlag("Save only the given platform variant"),
  },
  args: [1, Number.POSITIVE_INFINITY],
  async run(context, { flags: { output, platform }, args }) {
    const { io, env } = context;
    if (output === "" && io.isTerminal(1)) {
      throw new CommandError("cowardly refusing to save to a terminal. Use the -o flag or redirect");
    }
    const wanted = platformJson(platform, "invalid platform: ");
    if (output !== "") await checkOutput(env.cwd, output, "failed to save image: ");
    const { images } = await context.client();
    const archive = await images.save(args, wanted);
    if (output !== "") await writeOutput(env.cwd, output, archive);
    else for await (const piece of archive) await io.stdout.write(piece);
    return 0;
  },
});
