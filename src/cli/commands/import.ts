/** tare import: make an image of one layer from a tarball. */
import { defineCommand } from "../command.ts";
import { listFlag, textFlag } from "../flag-kinds.ts";
import { openInput } from "../input-file.ts";
import { showProgress } from "../progress.ts";

export const command = defineCommand({
  usage: "[OPTIONS] file|URL|- [REPOSITORY[:TAG]]",
  flags: {
    change: listFlag("Apply Dockerfile instruction to the created image", { short: "c" }),
    message: textFlag("Set commit message for imported image", { short: "m" }),
    platform: textFlag("Set platform if server is multi-platform capable"),
  },
  args: [1, 2],
  async run(context, { flags, args }) {
    const [source = "", repo = ""] = args;
    const { change: changes, message, platform } = flags;
    const options = { repo, changes, message, platform };
    const { io, env } = context;
    const isUrl = /^https?:\/\//.test(source);
    const tarball = source === "-" ? io.stdin : isUrl ? undefined : await openInput(env.cwd, source);
    const { images } = await context.client();
    await showProgress(
      io,
      tarball === undefined ? images.importFrom(source, options) : images.import(tarball, options),
    );
    return 0;
  },
});
