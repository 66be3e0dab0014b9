/** tare rmi: remove images and their names. */
import { isStatus } from "../../client/errors.ts";
import type { ImageDeleteItem } from "../../wire/image.ts";
import { defineCommand } from "../command.ts";
import { eachOf } from "../each.ts";
import { listFlag, switchFlag } from "../flag-kinds.ts";
import { platformJson } from "../platform-flag.ts";

export const command = defineCommand({
  usage: "[OPTIONS] IMAGE [IMAGE...]",
  flags: {
    force: switchFlag("Force removal of the image", { short: "f" }),
    "no-prune": switchFlag("Do not delete untagged parents"),
    platform: listFlag(
      'Remove only the given platform variant. Formatted as "os[/arch[/variant]]" (e.g., "linux/amd64")',
      {
        placeholder: "strings",
      },
    ),
  },
  args: [1, Number.POSITIVE_INFINITY],
  async run(context, { flags, args }) {
    const { images } = await context.client();
    const platforms = flags.platform.flatMap((text) => text.split(",")).map((text) => platformJson(text));
    const options = { force: flags.force, noprune: flags["no-prune"], platforms };
    const remove = async (ref: string): Promise<string> => {
      const removed = await images.remove(ref, options);
      return removed.map(removalText).join("");
    };
    // What is to be gone by force and is not there is no failure.
    return eachOf(context, args, remove, (error) => !flags.force || !isStatus(error, 404));
  },
});

const removalText = ({ Deleted, Untagged }: ImageDeleteItem): string =>
  Deleted ? `Deleted: ${Deleted}\n` : `Untagged: ${Untagged ?? ""}\n`;
