/** tare tag: give an image another name. */
import { defineCommand } from "../command.ts";
import { splitReference } from "../reference.ts";

export const command = defineCommand({
  usage: "SOURCE_IMAGE[:TAG] TARGET_IMAGE[:TAG]",
  flags: {},
  args: [2, 2],
  async run(context, { args }) {
    const [source = "", target = ""] = args;
    const { repository, tag } = splitReference(target);
    const { images } = await context.client();
    await images.tag(source, repository, tag === "" ? "latest" : tag);
    return 0;
  },
});
