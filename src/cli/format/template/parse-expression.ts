/** The half of the template parser that reads pipelines, commands and operands. */
import { messageOf } from "../../../base/errors.ts";
import type { Command, Expression, Pipe } from "./ast.ts";
import { lex } from "./lex.ts";
import { characterValue, numberValue, stringValue } from "./literal.ts";
import { quote } from "./quote.ts";
import { describe, type Token, type TokenKind } from "./token.ts";
import type { Value } from "./value.ts";

/** The text after "template: name:line: ". */
export class ParseError extends Error {}

/** {{end}} or {{else}}. */
export interface Terminator {
  readonly word: "end" | "else";
}

export const isTerminator = (node: object): node is Terminator => "word" in node;

const VALUE_KINDS = new Set<Expression["kind"]>(["literal", "nil", "dot"]);
const OPERAND_KINDS = new Set<TokenKind>([
  "bool",
  "character",
  "dot",
  "field",
  "identifier",
  "number",
  "nil",
  "string",
  "variable",
  "leftParen",
]);

export class ExpressionParser {
  /** Names in scope, innermost last. */
  protected readonly variables: string[] = ["$"];
  readonly #text: string;
  readonly #tokens: readonly Token[];
  readonly #isFunction: (name: string) => boolean;
  #at = 0;

  constructor(text: string, isFunction: (name: string) => boolean) {
    this.#text = text;
    this.#tokens = lex(text);
    this.#isFunction = isFunction;
  }

  /** Of the token read last, from 1. */
  get line(): number {
    const pos = this.#tokens[Math.max(0, this.#at - 1)]?.pos ?? 0;
    return this.#text.slice(0, pos).split("\n").length;
  }

  protected next(): Token {
    const token = this.peek();
    if (this.#at < this.#tokens.length) this.#at++;
    return token;
  }

  protected peek(): Token {
    return this.#tokens[this.#at] ?? { kind: "eof", text: "", pos: this.#text.length };
  }

  protected backup(): void {
    this.#at--;
  }

  /** Where the next token stands; `rewind` comes back to it. */
  protected mark(): number {
    return this.#at;
  }

  protected rewind(mark: number): void {
    this.#at = mark;
  }

  /** The next token that is not space. */
  protected nextWord(): Token {
    const token = this.next();
    return token.kind === "space" ? this.next() : token;
  }

  protected peekWord(): Token {
    const token = this.nextWord();
    this.backup();
    return token;
  }

  protected expect(kind: TokenKind, context: string): Token {
    const token = this.nextWord();
    if (token.kind !== kind) throw this.unexpected(token, context);
    return token;
  }

  protected unexpected(token: Token, context: string): ParseError {
    return new ParseError(token.kind === "error" ? token.text : `unexpected ${describe(token)} in ${context}`);
  }

  protected pipeline(context: string, end: TokenKind): Pipe {
    const pos = this.peekWord().pos;
    const { variables, assigns } = this.#declarations(context);
    const commands: Command[] = [];
    for (;;) {
      const token = this.nextWord();
      if (token.kind === end) break;
      if (!OPERAND_KINDS.has(token.kind)) throw this.unexpected(token, context);
      this.backup();
      commands.push(this.#command());
    }
    this.#checkCommands(commands, context);
    return { kind: "pipe", pos, variables, assigns, commands };
  }

  #checkCommands(commands: readonly Command[], context: string): void {
    if (commands.length === 0) throw new ParseError(`missing value for ${context}`);
    const stage = commands.findIndex((command, index) => index > 0 && VALUE_KINDS.has(command.args[0].kind));
    if (stage > 0) throw new ParseError(`non executable command in pipeline stage ${stage + 1}`);
  }

  #declarations(context: string): { variables: string[]; assigns: boolean } {
    const variables: string[] = [];
    for (;;) {
      const start = this.mark();
      const variable = this.nextWord();
      const sign = variable.kind === "variable" ? this.nextWord() : undefined;
      if (sign?.kind === "assign" || sign?.kind === "declare") {
        this.#declare(variable.text, variables);
        return { variables, assigns: sign.kind === "assign" };
      }
      if (sign?.text !== ",") {
        this.rewind(start);
        if (variables.length > 0) throw new ParseError(`${context} can only initialize variables`);
        return { variables, assigns: false };
      }
      this.#declare(variable.text, variables);
      if (context !== "range" || variables.length > 1) throw new ParseError(`too many declarations in ${context}`);
    }
  }

  #declare(name: string, variables: string[]): void {
    variables.push(name);
    this.variables.push(name);
  }

  #command(): Command {
    const pos = this.peekWord().pos;
    const args: Expression[] = [];
    for (;;) {
      this.peekWord();
      const operand = this.#operand();
      if (operand !== undefined) args.push(operand);
      const token = this.next();
      if (token.kind === "space") continue;
      if (token.kind === "close" || token.kind === "rightParen") this.backup();
      else if (token.kind !== "pipe") throw this.unexpected(token, "operand");
      break;
    }
    const [first, ...rest] = args;
    if (first === undefined) throw new ParseError("empty command");
    return { kind: "command", pos, args: [first, ...rest] };
  }

  #operand(): Expression | undefined {
    const node = this.#term();
    const pos = this.peek().pos;
    if (node === undefined || this.peek().kind !== "field") return node;
    const names: string[] = [];
    while (this.peek().kind === "field") names.push(this.next().text.slice(1));
    if (node.kind === "field" || node.kind === "variable") {
      return { kind: node.kind, pos, names: [...node.names, ...names] };
    }
    if (VALUE_KINDS.has(node.kind)) {
      const text = node.kind === "literal" ? node.text : node.kind === "nil" ? "nil" : ".";
      throw new ParseError(`unexpected . after term ${quote(text)}`);
    }
    return { kind: "chain", pos, node, names };
  }

  #term(): Expression | undefined {
    const { kind, pos, text } = this.nextWord();
    if (kind === "field") return { kind, pos, names: [text.slice(1)] };
    if (kind === "dot" || kind === "nil") return { kind, pos };
    if (kind === "leftParen") return this.pipeline("parenthesized pipeline", "rightParen");
    if (kind === "identifier") {
      if (!this.#isFunction(text)) throw new ParseError(`function ${quote(text)} not defined`);
      return { kind: "function", pos, name: text };
    }
    if (kind === "variable") {
      if (!this.variables.includes(text)) throw new ParseError(`undefined variable ${quote(text)}`);
      return { kind, pos, names: [text] };
    }
    const literal = LITERALS[kind];
    if (literal !== undefined) return { kind: "literal", pos, text, value: read(text, literal) };
    this.backup();
    return undefined;
  }
}

const LITERALS: Readonly<Partial<Record<TokenKind, (text: string) => Value>>> = {
  bool: (text) => text === "true",
  number: numberValue,
  character: characterValue,
  string: stringValue,
};

function read(text: string, literal: (text: string) => Value): Value {
  try {
    return literal(text);
  } catch (error) {
    throw new ParseError(messageOf(error), { cause: error });
  }
}
