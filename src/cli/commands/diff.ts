/** tare diff: what a container has changed of its image's files. */
import { CHANGE_KINDS } from "../../wire/archive.ts";
import { defineCommand } from "../command.ts";
import { CommandError } from "../errors.ts";
import { neutraliseLine } from "../neutralise.ts";

const LETTERS: Readonly<Record<number, string>> = {
  [CHANGE_KINDS.modified]: "C",
  [CHANGE_KINDS.added]: "A",
  [CHANGE_KINDS.deleted]: "D",
};

export const command = defineCommand({
  usage: "CONTAINER",
  flags: {},
  args: [1, 1],
  async run(context, { args: [ref = ""] }) {
    if (ref === "") throw new CommandError("Container name cannot be empty");
    const { archives } = await context.client();
    const lines = (await archives.changes(ref)).map(({ Path, Kind }) => `${LETTERS[Kind]} ${neutraliseLine(Path)}\n`);
    await context.io.stdout.write(lines.join(""));
    return 0;
  },
});
