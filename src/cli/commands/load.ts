/** tare load: images from an archive of `save`. */
import { defineCommand } from "../command.ts";
import { CommandError } from "../errors.ts";
import { switchFlag, textFlag } from "../flag-kinds.ts";
import { openInput } from "../input-file.ts";
import { platformFlag, platformJson } from "../platform-flag.ts";
import { showProgress } from "../progress.ts";

export const command = defineCommand({
  usage: "[OPTIONS]",
  flags: {
    input: textFlag("Read from tar archive file, instead of STDIN", { short: "i" }),
    platform: platformFlag("Load only the given platform variant"),
    quiet: switchFlag("Suppress the load output", { short: "q" }),
  },
  args: [0, 0],
  async run(context, { flags }) {
    const { io, env } = context;
    const { input } = flags;
    const platform = platformJson(flags.platform, "invalid platform: ");
    if (input === "" && io.isTerminal(0)) throw new CommandError("requested load from stdin, but stdin is empty");
    const archive = input === "" ? io.stdin : await openInput(env.cwd, input);
    const { images } = await context.client();
    const quiet = flags.quiet || !io.isTerminal(1);
    await showProgress(io, images.load(archive, { quiet, platform }));
    return 0;
  },
});
