/** tare image inspect: everything about images. */
import { defineCommand } from "../command.ts";
import { textFlag } from "../flag-kinds.ts";
import { imageShape } from "../format/image-shape.ts";
import { formatFlag } from "../format-flag.ts";
import { inspectAll } from "../inspect.ts";
import { platformJson } from "../platform-flag.ts";

export const command = defineCommand({
  usage: "[OPTIONS] IMAGE [IMAGE...]",
  flags: {
    format: formatFlag({ short: "f" }),
    platform: textFlag(
      "Inspect a specific platform of the multi-platform image.\nIf the image or the server is not multi-platform capable, the command will error out if the platform does not match.\n'os[/arch[/variant]]': Explicit platform (eg. linux/amd64)",
    ),
  },
  args: [1, Number.POSITIVE_INFINITY],
  async run(context, { flags, args }) {
    const { images } = await context.client();
    const platform = platformJson(flags.platform);
    const fetch = async (ref: string) => ({ data: await images.inspect(ref, { platform }), shape: imageShape });
    return inspectAll(context, args, { format: flags.format, fetch });
  },
});
