/** tare images: list images. */
import type { FilterLists } from "../../client/filter-query.ts";
import { type Context, defineCommand } from "../command.ts";
import { CommandError } from "../errors.ts";
import { filterFlag, withFilter } from "../filter-flag.ts";
import { switchFlag } from "../flag-kinds.ts";
import { tableFormatFlag } from "../format-flag.ts";
import { printRows } from "../row-output.ts";
import { imageRows, toImageRows } from "../rows/images.ts";

export const command = defineCommand({
  usage: "[OPTIONS] [REPOSITORY[:TAG]]",
  flags: {
    all: switchFlag("Show all images (default hides intermediate images)", { short: "a" }),
    digests: switchFlag("Show digests"),
    filter: filterFlag("Filter output based on conditions provided", { short: "f" }),
    format: tableFormatFlag(),
    "no-trunc": switchFlag("Don't truncate output"),
    quiet: switchFlag("Only show image IDs", { short: "q" }),
    tree: switchFlag("List multi-platform images as a tree"),
  },
  args: [0, 1],
  async run(context, { flags, given, args }) {
    const { all, digests, format, quiet } = flags;
    const [reference = ""] = args;
    const filters = reference === "" ? flags.filter : withFilter(flags.filter, "reference", reference);
    if (flags.tree) return printTree(context, { all, filters }, given);
    const { images } = await context.client();
    const kind = imageRows({ truncate: !flags["no-trunc"], digests, nowMs: Date.now() });
    const sharedSize = /\.(Shared|Unique)Size/.test(format);
    const rows = toImageRows(await images.list({ all, filters, sharedSize }), digests || format.includes(".Digest"));
    await printRows(context, kind, rows, { format, quiet });
    return 0;
  },
});

const NOT_WITH_TREE: readonly string[] = ["quiet", "no-trunc", "digests", "format"];

/** Throws CommandError for flags that a tree has no use for. */
async function printTree(
  context: Context,
  options: { readonly all: boolean; readonly filters: FilterLists },
  given: ReadonlySet<string>,
): Promise<number> {
  const refused = NOT_WITH_TREE.find((name) => given.has(name));
  if (refused !== undefined) throw new CommandError(`--${refused} is not yet supported with --tree`);
  const [{ images }, { treeText }] = await Promise.all([context.client(), import("../image-tree.ts")]);
  await context.io.stdout.write(treeText(await images.list({ ...options, manifests: true })));
  return 0;
}
