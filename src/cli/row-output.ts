/** Prints rows with docker's warnings and error texts for --format. */
import type { Context } from "./command.ts";
import { CommandError } from "./errors.ts";
import { type RowKind, type RowOptions, renderRows } from "./format/rows.ts";

/** Throws CommandError for a template that is none or does not fit. */
export async function printRows<T>(
  { io }: Context,
  kind: RowKind<T>,
  items: readonly T[],
  options: RowOptions,
): Promise<void> {
  const ignored = options.quiet && isTemplate(options.format);
  if (ignored) {
    await io.stderr.write("WARNING: Ignoring custom format, because both --format and --quiet are set.\n");
  }
  await io.stdout.write(await rendered(kind, items, ignored ? { ...options, format: "" } : options));
}

/** False for "", table, json and raw. */
export const isTemplate = (format: string): boolean => !["", "table", "json", "raw"].includes(format);

async function rendered<T>(kind: RowKind<T>, items: readonly T[], options: RowOptions): Promise<string> {
  try {
    return await renderRows(kind, items, options);
  } catch (cause) {
    if (!(cause instanceof Error) || cause.name !== "TemplateError") throw cause;
    throw new CommandError(`template parsing error: ${cause.message}`, 1, { cause });
  }
}
