/** tare ps: list containers. */
import type { ContainerSummary } from "../../wire/container.ts";
import { type Context, defineCommand } from "../command.ts";
import { CommandError } from "../errors.ts";
import { filterFlag } from "../filter-flag.ts";
import { parseInteger, switchFlag, valueFlag } from "../flag-kinds.ts";
import type { RowKind } from "../format/rows.ts";
import { tableFormatFlag } from "../format-flag.ts";
import { isTemplate, printRows } from "../row-output.ts";
import { containerRows } from "../rows/containers.ts";

export const command = defineCommand({
  usage: "[OPTIONS]",
  flags: {
    all: switchFlag("Show all containers (default shows just running)", { short: "a" }),
    filter: filterFlag("Filter output based on conditions provided", { short: "f" }),
    format: tableFormatFlag(),
    last: valueFlag("Show n last created containers (includes all states)", parseInteger, {
      short: "n",
      placeholder: "int",
      shownDefault: "-1",
    }),
    latest: switchFlag("Show the latest created container (includes all states)", { short: "l" }),
    "no-trunc": switchFlag("Don't truncate output"),
    quiet: switchFlag("Only display container IDs", { short: "q" }),
    size: switchFlag("Display total file sizes", { short: "s" }),
  },
  args: [0, 0],
  async run(context, { flags, given }) {
    const { quiet } = flags;
    const format = quiet ? await quietFormat(context, flags.format) : flags.format;
    const kind = containerRows({ truncate: !flags["no-trunc"], size: flags.size, nowMs: Date.now() });
    const usesSize = isTemplate(format) && (await showsSize(kind, format));
    const client = await context.client();
    const items = await client.containers.list({
      all: flags.all,
      limit: flags.latest && flags.last === undefined ? 1 : Math.max(flags.last ?? 0, 0),
      size: given.has("size") ? flags.size : usesSize,
      filters: flags.filter,
    });
    await printRows(context, kind, items, { format, quiet });
    return 0;
  },
});

/** With -q only the raw form of a format is kept; docker says so. */
async function quietFormat({ io }: Context, format: string): Promise<string> {
  if (format === "") return format;
  await io.stderr.write("WARNING: Ignoring custom format, because both --format and --quiet are set.\n");
  return format === "raw" ? format : "";
}

/** The engine measures sizes only when they will be seen. */
async function showsSize(kind: RowKind<ContainerSummary>, format: string): Promise<boolean> {
  const [{ usesColumn }, { TemplateError }] = await Promise.all([
    import("../format/row-template.ts"),
    import("../format/template/template-error.ts"),
  ]);
  try {
    return usesColumn(kind, format, "Size");
  } catch (error) {
    if (!(error instanceof TemplateError)) throw error;
    const step = error.message.includes("executing") ? "execute" : "parse";
    throw new CommandError(`failed to ${step} template: ${error.message}`, 1, { cause: error });
  }
}
