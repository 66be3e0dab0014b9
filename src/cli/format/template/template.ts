/** Go's text/template for `--format`: compiled once, run over any number of values. */
import { evaluate } from "./evaluate.ts";
import { FUNCTIONS, type Functions } from "./functions.ts";
import { parse } from "./parse.ts";
import type { Value } from "./value.ts";

export interface TemplateOptions {
  /** The template's own name, which messages show; "" as most of docker's. */
  readonly name?: string;
  /** A missing map key is an error instead of `<no value>`. */
  readonly strict?: boolean;
  /** Further functions, or others under the same names. */
  readonly functions?: Functions;
}

export type Template = (data: Value) => string;

/** Throws TemplateError when the text is no template; so does the result when it cannot be carried out. */
export function compile(text: string, options: TemplateOptions = {}): Template {
  const { name = "", strict = false } = options;
  const functions = { ...FUNCTIONS, ...options.functions };
  const tree = parse(name, text, (word) => Object.hasOwn(functions, word));
  const program = { ...tree, name, text, functions, strict };
  return (data) => evaluate(program, data);
}
