/** The flag `--format`, and its help as docker words it. */
import { type FlagOptions, textFlag } from "./flag-kinds.ts";
import type { Flag } from "./flags.ts";

const JSON_AND_TEMPLATE = [
  "'json':             Print in JSON format",
  "'TEMPLATE':         Print output using the given Go template",
];

/** For commands that print objects. */
export const formatFlag = (options: FlagOptions = {}): Flag<string> =>
  textFlag(["Format output using a custom template:", ...JSON_AND_TEMPLATE].join("\n"), options);

/** For commands that print tables. */
export const tableFormatFlag = (): Flag<string> =>
  textFlag(
    [
      "Format output using a custom template:",
      "'table':            Print output in table format with column headers (default)",
      "'table TEMPLATE':   Print output in table format using the given Go template",
      ...JSON_AND_TEMPLATE,
    ].join("\n"),
  );
