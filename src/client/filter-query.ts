/** The `filters` query parameter, as clients write it. */

export type FilterLists = Readonly<Record<string, readonly string[]>>;

/** Undefined when there is nothing to filter by. */
export function filterQuery(filters: FilterLists = {}): string | undefined {
  const given = Object.entries(filters).filter(([, values]) => values.length > 0);
  return given.length === 0 ? undefined : JSON.stringify(Object.fromEntries(given));
}
