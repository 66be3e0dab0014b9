/** tare image diff: how one image differs from another, in its configuration and its files. */
import type { ImageDiff, ImageFileChange } from "../../wire/image.ts";
import { defineCommand } from "../command.ts";
import { CommandError } from "../errors.ts";
import { switchFlag, textFlag } from "../flag-kinds.ts";
import { safeJson } from "../format/safe-json.ts";
import { humanSize } from "../format/size.ts";
import { neutraliseLine } from "../neutralise.ts";

const SIZE_DIGITS = 3;
const LETTERS = ["C", "A", "D"] as const;

export const command = defineCommand({
  usage: "[OPTIONS] IMAGE IMAGE",
  flags: {
    format: textFlag("'json' prints everything as one JSON document"),
    size: switchFlag("Show by how much files have grown or shrunk", { short: "s" }),
  },
  args: [2, 2],
  async run(context, { flags: { format, size }, args }) {
    if (format !== "" && format !== "json") throw new CommandError(`unknown format: ${JSON.stringify(format)}`);
    const [from = "", to = ""] = args;
    const { images } = await context.client();
    const diff = await images.diff(from, to);
    await context.io.stdout.write(format === "json" ? `${safeJson(JSON.stringify(diff))}\n` : diffText(diff, size));
    return 0;
  },
});

/** The configuration first; files as `diff` of a container shows them: changed, added, deleted. */
function diffText({ Config, Changes }: ImageDiff, size: boolean): string {
  const config = Config.map(({ Field, From, To }) => `${Field}: ${From || "<none>"} -> ${To || "<none>"}`);
  const files = Changes.map((change) => `${LETTERS[change.Kind]} ${change.Path}${size ? growth(change) : ""}`);
  return [...config, ...files].map((line) => `${neutraliseLine(line)}\n`).join("");
}

function growth({ Size, OldSize }: ImageFileChange): string {
  if (Size === OldSize) return "";
  const by = Size - OldSize;
  return ` ${by < 0 ? "-" : "+"}${humanSize(Math.abs(by), SIZE_DIGITS)}`;
}
