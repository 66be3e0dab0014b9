/** tare search: images of a registry by a word. */
import { defineCommand } from "../command.ts";
import { filterFlag } from "../filter-flag.ts";
import { intFlag, switchFlag } from "../flag-kinds.ts";
import { tableFormatFlag } from "../format-flag.ts";
import { openKeyring } from "../registry/keyring.ts";
import { registryKey, splitName } from "../registry/name.ts";
import { printRows } from "../row-output.ts";
import { searchRows } from "../rows/search.ts";

export const command = defineCommand({
  usage: "[OPTIONS] TERM",
  flags: {
    filter: filterFlag("Filter output based on conditions provided", { short: "f" }),
    format: tableFormatFlag(),
    limit: intFlag("Max number of search results"),
    "no-trunc": switchFlag("Don't truncate output"),
  },
  args: [1, 1],
  async run(context, { flags, args }) {
    const [term = ""] = args;
    const auth = await (await openKeyring(context.env)).get(registryKey(splitName(term).domain));
    const { registries } = await context.client();
    const found = await registries.search(term, { limit: flags.limit, filters: flags.filter, auth });
    const kind = searchRows({ truncate: !flags["no-trunc"] });
    await printRows(context, kind, found, { format: flags.format, quiet: false });
    return 0;
  },
});
