/** The columns of `search`. */
import type { SearchResult } from "../../wire/registry.ts";
import { ellipsis } from "../format/ellipsis.ts";
import type { RowKind } from "../format/rows.ts";

const DESCRIPTION_CELLS = 45;

export function searchRows({ truncate }: { readonly truncate: boolean }): RowKind<SearchResult> {
  const describe = (text: string): string => {
    const line = text.replaceAll(/[\r\n]/g, " ").trim();
    return truncate ? ellipsis(line, DESCRIPTION_CELLS) : line;
  };
  return {
    typeName: "*search.searchContext",
    id: "Name",
    table: ["Name", "Description", "StarCount", "IsOfficial"],
    columns: {
      Name: { header: "NAME", value: ({ name }) => name },
      Description: { header: "DESCRIPTION", value: ({ description }) => describe(description) },
      StarCount: { header: "STARS", value: ({ star_count }) => String(star_count) },
      IsOfficial: { header: "OFFICIAL", value: ({ is_official }) => (is_official ? "[OK]" : "") },
      IsAutomated: { header: "AUTOMATED", value: ({ is_automated }) => (is_automated ? "[OK]" : "") },
    },
  };
}
