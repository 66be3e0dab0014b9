/** The formats of list commands that need templates: `{{…}}`, `table {{…}}`, json and raw. */
import { neutraliseLine } from "../neutralise.ts";
import { cell, type RowKind, type RowOptions } from "./rows.ts";
import { alignText } from "./table.ts";
import type { Functions } from "./template/functions.ts";
import { toJson } from "./template/json.ts";
import { compile } from "./template/template.ts";
import { type Field, Struct, type Value } from "./template/value.ts";

export function renderFormatted<T>(kind: RowKind<T>, items: readonly T[], { format, quiet }: RowOptions): string {
  if (format === "json") return items.map((item) => `${toJson(toRow(kind, item))}\n`).join("");
  if (format === "raw" && kind.raw !== undefined) return items.map((item) => rawText(kind, item, quiet)).join("");
  const { table, body } = splitFormat(format);
  const template = compile(body);
  const lines = items.map((item) => `${template(toRow(kind, item))}\n`).join("");
  return table ? alignText(`${compile(body, { functions: HEADER_FUNCTIONS })(headerRow(kind))}\n${lines}`) : lines;
}

/** Runs the template once over empty cells; true when it shows the column. Throws TemplateError. */
export function usesColumn<T>(kind: RowKind<T>, format: string, name: string): boolean {
  if (format === "json" || format === "raw" || format === "table" || format === "") return false;
  let used = false;
  const columns = Object.keys(kind.columns).map((column): [string, Field] => {
    const call = (): string => {
      used ||= column === name;
      return "";
    };
    return [column, { json: column, value: { arity: 0, call } }];
  });
  const probe = new Struct(kind.typeName, new Map([...columns, ...labelField(kind, () => "")]));
  compile(splitFormat(format).body)(probe);
  return used;
}

/** docker takes the two characters `\t` and `\n` in a format for tab and newline. */
function splitFormat(format: string): { table: boolean; body: string } {
  const table = format.startsWith("table");
  const body = (table ? format.slice("table".length) : format).replace(/^ +| +$/g, "");
  return { table, body: body.replaceAll("\\t", "\t").replaceAll("\\n", "\n") };
}

/** One item as a template sees it: its columns by name. */
export function toRow<T>(kind: RowKind<T>, item: T): Value {
  const names = [...Object.keys(kind.columns), ...(kind.nulls ?? [])].sort();
  const fields = names.map((name): [string, Field] => {
    const column = kind.columns[name];
    if (column === undefined) return [name, { json: name, value: null }];
    // JSON escapes on its own
    const json = (): string => column.value(item);
    return [name, { json: name, value: { arity: 0, call: () => cell(kind, name, item), json } }];
  });
  return new Struct(kind.typeName, new Map([...fields, ...labelField(kind, (name) => kind.label?.(item, name) ?? "")]));
}

function labelField<T>(kind: RowKind<T>, label: (name: string) => string): [string, Field][] {
  if (kind.label === undefined) return [];
  const call = (name: string): string => neutraliseLine(label(name));
  return [["Label", { json: undefined, value: { arity: 1, call } }]];
}

function headerRow<T>(kind: RowKind<T>): Value {
  const fields = Object.entries(kind.columns).map(([name, { header }]): [string, Field] => {
    return [name, { json: name, value: header }];
  });
  return new Struct("formatter.SubHeaderContext", new Map([...fields, ...labelField(kind, labelHeader)]));
}

/** "com.example.my-label" is headed "my label". */
const labelHeader = (name: string): string => (name.split(".").at(-1) ?? "").replace(/[-_]/g, " ");

const same = { params: ["any"], rest: "any", call: ([value]: readonly Value[]) => value } as const;

/** Over headers, functions leave the text alone. */
const HEADER_FUNCTIONS: Functions = {
  json: { params: ["any"], call: () => "" },
  split: same,
  join: same,
  title: same,
  lower: same,
  upper: same,
  truncate: same,
};

function rawText<T>(kind: RowKind<T>, item: T, quiet: boolean): string {
  const lines = (kind.raw ?? []).filter((line) => !quiet || line.quiet === true);
  const text = lines.map(({ name, column }) => `${name}: ${cell(kind, column, item)}`.trimEnd()).join("\n");
  return `${text}\n${quiet ? "" : "\n"}`;
}
