/** Parses a Go template (text/template's grammar) into its tree, with Go's error texts. */
import type { Branch, Statement, Tree } from "./ast.ts";
import { stringValue } from "./literal.ts";
import { ExpressionParser, isTerminator, ParseError, type Terminator } from "./parse-expression.ts";
import { TemplateError } from "./template-error.ts";
import type { Token } from "./token.ts";

/** `name` is the template's own, for messages; `isFunction` knows the functions. Throws TemplateError. */
export function parse(name: string, text: string, isFunction: (name: string) => boolean): Tree {
  const parser = new Parser(text, isFunction);
  try {
    return parser.tree();
  } catch (error) {
    if (!(error instanceof ParseError)) throw error;
    throw new TemplateError(`template: ${name}:${parser.line}: ${error.message}`);
  }
}

/** Statements on top of expressions. Lives for one template. */
class Parser extends ExpressionParser {
  readonly #defined = new Map<string, readonly Statement[]>();
  #rangeDepth = 0;

  tree(): Tree {
    const list: Statement[] = [];
    while (this.peek().kind !== "eof") {
      if (this.#takeDefinition()) continue;
      const node = this.#statement();
      if (isTerminator(node)) throw new ParseError(`unexpected {{${node.word}}}`);
      list.push(node);
    }
    return { list, defined: this.#defined };
  }

  #takeDefinition(): boolean {
    const start = this.mark();
    const word = this.next().kind === "open" ? this.nextWord() : undefined;
    if (word?.kind !== "keyword" || word.text !== "define") {
      this.rewind(start);
      return false;
    }
    const name = this.#templateName("define clause");
    this.expect("close", "define clause");
    this.#define(name, "define clause");
    return true;
  }

  #define(name: string, context: string): void {
    const outer = this.variables.splice(0);
    this.variables.push("$");
    const { list, end } = this.#list();
    if (end.word !== "end") throw new ParseError(`unexpected {{${end.word}}} in ${context}`);
    this.variables.splice(0, this.variables.length, ...outer);
    this.#defined.set(name, list);
  }

  #templateName(context: string): string {
    const token = this.nextWord();
    if (token.kind !== "string") throw this.unexpected(token, context);
    return stringValue(token.text);
  }

  /** Statements up to {{end}} or {{else}}. */
  #list(): { list: Statement[]; end: Terminator } {
    const list: Statement[] = [];
    while (this.peek().kind !== "eof") {
      const node = this.#statement();
      if (isTerminator(node)) return { list, end: node };
      list.push(node);
    }
    throw new ParseError("unexpected EOF");
  }

  #statement(): Statement | Terminator {
    const token = this.nextWord();
    if (token.kind === "text") return { kind: "text", pos: token.pos, text: token.text };
    if (token.kind === "open") return this.#action();
    throw this.unexpected(token, "input");
  }

  #action(): Statement | Terminator {
    const token = this.nextWord();
    if (token.kind === "keyword") {
      switch (token.text) {
        case "if":
        case "with":
        case "range":
          return this.#branch(token.text, token);
        case "end":
          this.expect("close", "end");
          return { word: "end" };
        case "else":
          return this.#else();
        case "break":
        case "continue":
          return this.#leave(token.text, token);
        case "template":
          return this.#call(token);
        case "block":
          return this.#block();
      }
    }
    this.backup();
    const pos = this.peekWord().pos;
    return { kind: "print", pos, pipe: this.pipeline("command", "close") };
  }

  #else(): Terminator {
    const token = this.peekWord();
    if (token.kind === "keyword" && (token.text === "if" || token.text === "with")) return { word: "else" };
    this.expect("close", "else");
    return { word: "else" };
  }

  #leave(word: "break" | "continue", token: Token): Statement {
    const close = this.nextWord();
    if (close.kind !== "close") throw this.unexpected(close, `{{${word}}}`);
    if (this.#rangeDepth === 0) throw new ParseError(`{{${word}}} outside {{range}}`);
    return { kind: word, pos: token.pos };
  }

  #branch(kind: Branch["kind"], token: Token): Branch {
    const scope = this.variables.length;
    const pipe = this.pipeline(kind, "close");
    if (kind === "range") this.#rangeDepth++;
    const { list, end } = this.#list();
    if (kind === "range") this.#rangeDepth--;
    const otherwise = end.word === "else" ? this.#otherwise(kind) : [];
    this.variables.length = scope;
    return { kind, pos: token.pos, pipe, list, otherwise };
  }

  /** What stands between {{else}} and {{end}}; "else if" shares the outer end. */
  #otherwise(kind: Branch["kind"]): readonly Statement[] {
    const token = this.peekWord();
    if (kind !== "range" && token.kind === "keyword" && token.text === kind) {
      this.nextWord();
      return [this.#branch(kind, token)];
    }
    const { list, end } = this.#list();
    if (end.word !== "end") throw new ParseError(`expected end; found {{${end.word}}}`);
    return list;
  }

  #call(token: Token): Statement {
    const at = this.peekWord();
    const name = this.#templateName("template clause");
    const isBare = this.nextWord().kind === "close";
    if (isBare) return { kind: "template", pos: at.pos, name, pipe: undefined };
    this.backup();
    return { kind: "template", pos: token.pos, name, pipe: this.pipeline("template clause", "close") };
  }

  #block(): Statement {
    const token = this.peekWord();
    const name = this.#templateName("block clause");
    const pipe = this.pipeline("block clause", "close");
    this.#define(name, "block clause");
    return { kind: "template", pos: token.pos, name, pipe };
  }
}
