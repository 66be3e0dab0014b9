/** Prints a list of things in the formats of docker's list commands: table, json, raw, ids only, or a template. */
import { neutraliseLine } from "../neutralise.ts";
import { alignRows } from "./table.ts";

interface Column<T> {
  readonly header: string;
  value(item: T): string;
}

/** What a list command can show of one item. */
export interface RowKind<T> {
  /** Go's name, for messages. */
  readonly typeName: string;
  /** By the names that templates use. */
  readonly columns: Readonly<Record<string, Column<T>>>;
  /** The columns of the table without a template. */
  readonly table: readonly string[];
  /** What -q prints. */
  readonly id: string;
  /** Members of the JSON form that are no columns (always null). */
  readonly nulls?: readonly string[];
  /** What `.Label "name"` gives. */
  label?(item: T, name: string): string;
  /** Lines of --format raw: the name and the column, and whether -q keeps it. */
  readonly raw?: readonly RawLine[];
}

interface RawLine {
  readonly name: string;
  readonly column: string;
  readonly quiet?: true;
}

export interface RowOptions {
  /** "" is the default table. */
  readonly format: string;
  readonly quiet: boolean;
}

/** The finished text. Throws TemplateError. Only a template, json and raw load the template engine. */
export async function renderRows<T>(kind: RowKind<T>, items: readonly T[], options: RowOptions): Promise<string> {
  const { format, quiet } = options;
  if (format !== "" && format !== "table")
    return (await import("./row-template.ts")).renderFormatted(kind, items, options);
  if (quiet) return items.map((item) => `${cell(kind, kind.id, item)}\n`).join("");
  const headers = kind.table.map((name) => kind.columns[name]?.header ?? "");
  return alignRows([headers, ...items.map((item) => kind.table.map((name) => cell(kind, name, item)))]);
}

/** One cell, safe to print: names, labels and commands are other people's text. */
export function cell<T>(kind: RowKind<T>, name: string, item: T): string {
  return neutraliseLine(kind.columns[name]?.value(item) ?? "");
}
