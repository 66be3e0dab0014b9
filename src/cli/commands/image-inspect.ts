/** tare image inspect: everything about images. */
import { defineCommand } from "../command.ts";
import { imageShape } from "../format/image-shape.ts";
import { formatFlag } from "../format-flag.ts";
import { inspectAll } from "../inspect.ts";

export const command = defineCommand({
  usage: "[OPTIONS] IMAGE [IMAGE...]",
  flags: { format: formatFlag({ short: "f" }) },
  args: [1, Number.POSITIVE_INFINITY],
  async run(context, { flags, args }) {
    const { images } = await context.client();
    const fetch = async (ref: string) => ({ data: await images.inspect(ref), shape: imageShape });
    return inspectAll(context, args, { format: flags.format, fetch });
  },
});
