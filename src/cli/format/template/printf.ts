/** Go's fmt.Sprintf over template values: flags, width, precision, argument indexes, and its marks for mistakes. */

import { plain } from "./print.ts";
import { typeName, type Value } from "./value.ts";
import { type Directive, formatValue } from "./verbs.ts";

// %[flags][width][.precision][[index]]verb, where width and precision may be `*` or `[n]*`.
const DIRECTIVE =
  /%(?<flags>[+\-# 0]*)(?<width>(?:\[\d+\])?\*|\d+)?(?:\.(?<precision>(?:\[\d+\])?\*|\d*))?(?:\[(?<index>\d+)\])?(?<verb>[\s\S])?/gu;

export function sprintf(format: string, values: readonly Value[]): string {
  const args = new Arguments(values);
  let text = "";
  let at = 0;
  for (const match of format.matchAll(DIRECTIVE)) {
    text += format.slice(at, match.index) + expand(match.groups ?? {}, args);
    at = match.index + match[0].length;
  }
  return text + format.slice(at) + args.extra();
}

function expand(parts: Readonly<Record<string, string | undefined>>, args: Arguments): string {
  const { flags = "", verb } = parts;
  if (verb === undefined) return "%!(NOVERB)";
  const size = { width: args.number(parts.width), precision: args.number(parts.precision) };
  if (parts.index !== undefined) args.jump(Number(parts.index));
  if (verb === "%") return "%";
  return args.take(verb, (value) => formatValue(value, directive(flags, size, verb)));
}

function directive(flags: string, size: Pick<Directive, "width" | "precision">, verb: string): Directive {
  const left = flags.includes("-") || (size.width ?? 0) < 0;
  return {
    verb,
    plus: flags.includes("+"),
    sharp: flags.includes("#"),
    space: flags.includes(" "),
    zero: flags.includes("0") && !left,
    left,
    width: size.width === undefined ? undefined : Math.abs(size.width),
    precision: size.precision,
  };
}

/** The walk over the operands. */
class Arguments {
  readonly #values: readonly Value[];
  #at = 0;
  #jumped = false;

  constructor(values: readonly Value[]) {
    this.#values = values;
  }

  jump(index: number): void {
    this.#at = index - 1;
    this.#jumped = true;
  }

  /** A width or precision: digits, or the next operand for `*`. A lone "." is precision 0. */
  number(text: string | undefined): number | undefined {
    if (text === undefined) return undefined;
    if (!text.endsWith("*")) return Number(text);
    if (text.length > 1) this.jump(Number(text.slice(1, -2)));
    const value = this.#values[this.#at++];
    return typeof value === "number" ? value : undefined;
  }

  take(verb: string, write: (value: Value) => string): string {
    if (this.#at < 0 || (this.#jumped && this.#at >= this.#values.length)) return `%!${verb}(BADINDEX)`;
    if (this.#at >= this.#values.length) return `%!${verb}(MISSING)`;
    return write(this.#values[this.#at++]);
  }

  extra(): string {
    if (this.#jumped || this.#at >= this.#values.length) return "";
    const rest = this.#values.slice(this.#at).map((value) => {
      return value === undefined || value === null ? "<nil>" : `${typeName(value)}=${plain(value)}`;
    });
    return `%!(EXTRA ${rest.join(", ")})`;
  }
}
