/** Prints rows, with docker's error text for a --format that is wrong. */
import type { Context } from "./command.ts";
import { CommandError } from "./errors.ts";
import { type RowKind, type RowOptions, renderRows } from "./format/rows.ts";

/** False for "", table, json and raw. */
export const isTemplate = (format: string): boolean => !["", "table", "json", "raw"].includes(format);

/** Throws CommandError for a template that is none or does not fit. */
export async function printRows<T>(
  { io }: Context,
  kind: RowKind<T>,
  items: readonly T[],
  options: RowOptions,
): Promise<void> {
  await io.stdout.write(await rowsText(kind, items, options));
}

/** The same as text. */
export async function rowsText<T>(kind: RowKind<T>, items: readonly T[], options: RowOptions): Promise<string> {
  try {
    return await renderRows(kind, items, options);
  } catch (cause) {
    if (!(cause instanceof Error) || cause.name !== "TemplateError") throw cause;
    throw new CommandError(`template parsing error: ${cause.message}`, 1, { cause });
  }
}
