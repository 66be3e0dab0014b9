/** tare import: make an image of one layer from a tarball. */
import { defineCommand } from "../command.ts";
import { CommandError } from "../errors.ts";
import { listFlag, textFlag } from "../flag-kinds.ts";
import { openInput } from "../input-file.ts";
import { showProgress } from "../progress.ts";

export const command = defineCommand({
  usage: "[OPTIONS] file|- [REPOSITORY[:TAG]]",
  flags: {
    change: listFlag("Apply Dockerfile instruction to the created image", { short: "c" }),
    message: textFlag("Set commit message for imported image", { short: "m" }),
    platform: textFlag("Set platform if server is multi-platform capable"),
  },
  args: [1, 2],
  async run(context, { flags, args }) {
    const [source = "", repo = ""] = args;
    if (/^https?:\/\//.test(source)) {
      throw new CommandError(`cannot import from a URL: fetch it first, as in: curl -L ${source} | ${context.path} -`);
    }
    const tarball = source === "-" ? context.io.stdin : await openInput(context.env.cwd, source);
    const { change: changes, message, platform } = flags;
    const { images } = await context.client();
    await showProgress(context.io, images.import(tarball, { repo, changes, message, platform }));
    return 0;
  },
});
