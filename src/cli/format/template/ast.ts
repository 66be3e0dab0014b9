/** The syntax tree of a template, and the text of an expression as error messages show it. */
import type { Value } from "./value.ts";

export type Expression =
  | { readonly kind: "dot" | "nil"; readonly pos: number }
  /** A bool, number, character or string literal; `text` is its spelling. */
  | { readonly kind: "literal"; readonly pos: number; readonly value: Value; readonly text: string }
  | { readonly kind: "field"; readonly pos: number; readonly names: readonly string[] }
  /** `$x.Name`: names[0] is "$x". */
  | { readonly kind: "variable"; readonly pos: number; readonly names: readonly string[] }
  /** `(…).Name.Other` */
  | { readonly kind: "chain"; readonly pos: number; readonly node: Expression; readonly names: readonly string[] }
  | { readonly kind: "function"; readonly pos: number; readonly name: string }
  | Pipe;

export interface Command {
  readonly kind: "command";
  readonly pos: number;
  readonly args: readonly [Expression, ...Expression[]];
}

export interface Pipe {
  readonly kind: "pipe";
  readonly pos: number;
  /** Variables with their "$", set to the value (for range: element, or index and element). */
  readonly variables: readonly string[];
  /** `=` rather than `:=`. */
  readonly assigns: boolean;
  readonly commands: readonly Command[];
}

export interface Branch {
  readonly kind: "if" | "with" | "range";
  readonly pos: number;
  readonly pipe: Pipe;
  readonly list: readonly Statement[];
  readonly otherwise: readonly Statement[];
}

interface TemplateCall {
  readonly kind: "template";
  readonly pos: number;
  readonly name: string;
  readonly pipe: Pipe | undefined;
}

export type Statement =
  | { readonly kind: "text"; readonly pos: number; readonly text: string }
  | { readonly kind: "print"; readonly pos: number; readonly pipe: Pipe }
  | { readonly kind: "break" | "continue"; readonly pos: number }
  | Branch
  | TemplateCall;

export interface Tree {
  readonly list: readonly Statement[];
  /** The templates that `define` and `block` made. */
  readonly defined: ReadonlyMap<string, readonly Statement[]>;
}

/** What a run-time error points at. */
export type Place = Expression | Command | TemplateCall;

export function show(node: Place): string {
  switch (node.kind) {
    case "dot":
      return ".";
    case "nil":
      return "nil";
    case "literal":
      return node.text;
    case "field":
      return node.names.map((name) => `.${name}`).join("");
    case "variable":
      return node.names.join(".");
    case "chain":
      return `${showArg(node.node)}${node.names.map((name) => `.${name}`).join("")}`;
    case "function":
      return node.name;
    case "command":
      return node.args.map(showArg).join(" ");
    case "pipe":
      return showPipe(node);
    case "template":
      return `{{template ${JSON.stringify(node.name)}${node.pipe === undefined ? "" : ` ${show(node.pipe)}`}}}`;
  }
}

const showArg = (node: Expression): string => (node.kind === "pipe" ? `(${showPipe(node)})` : show(node));

function showPipe(pipe: Pipe): string {
  const sign = pipe.assigns ? " = " : " := ";
  const variables = pipe.variables.length > 0 ? pipe.variables.join(", ") + sign : "";
  return variables + pipe.commands.map(show).join(" | ");
}
