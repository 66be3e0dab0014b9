/** Cuts a Go template into tokens; the last one is "eof" or "error", whose text is the message. */
import { type CharTest, isAlphanumeric, isDigit, isSpace, unicodeName } from "./chars.ts";
import type { Token, TokenKind } from "./token.ts";

const OPEN = "{{";
const CLOSE = "}}";
const TERMINATORS = "., |:)(";
const KEYWORDS = new Set(["if", "else", "end", "range", "with", "define", "template", "block", "break", "continue"]);

export function lex(input: string): Token[] {
  return new Lexer(input).run();
}

class LexError extends Error {}

/** Lives for one template. */
class Lexer {
  readonly #input: string;
  readonly #tokens: Token[] = [];
  #pos = 0;
  #start = 0;
  #depth = 0;

  constructor(input: string) {
    this.#input = input;
  }

  run(): Token[] {
    try {
      while (this.#text()) this.#action();
      this.#emit("eof");
    } catch (error) {
      if (!(error instanceof LexError)) throw error;
      this.#tokens.push({ kind: "error", text: error.message, pos: this.#start });
    }
    return this.#tokens;
  }

  /** Text up to the next action; false at the end of the input. */
  #text(): boolean {
    const open = this.#input.indexOf(OPEN, this.#pos);
    const end = open < 0 ? this.#input.length : open;
    const raw = this.#input.slice(this.#pos, end);
    const kept = open >= 0 && this.#trimsLeft(open + OPEN.length) ? raw.trimEnd() : raw;
    if (kept.length > 0) this.#tokens.push({ kind: "text", text: kept, pos: this.#pos });
    this.#pos = end;
    this.#start = end;
    return open >= 0;
  }

  #trimsLeft(pos: number): boolean {
    return this.#input[pos] === "-" && isSpace(this.#input[pos + 1] ?? "");
  }

  #action(): void {
    this.#pos += OPEN.length;
    const trim = this.#trimsLeft(this.#pos);
    if (this.#input.startsWith("/*", this.#pos + (trim ? 2 : 0))) return this.#comment(trim ? 2 : 0);
    this.#emit("open");
    if (trim) this.#pos += 2;
    this.#start = this.#pos;
    this.#depth = 0;
    while (!this.#close()) this.#word();
  }

  #comment(skip: number): void {
    this.#pos += skip;
    const end = this.#input.indexOf("*/", this.#pos);
    if (end < 0) throw new LexError("unclosed comment");
    this.#pos = end + 2;
    if (this.#markLength() < 0) throw new LexError("comment ends before closing delimiter");
    this.#skipClose();
  }

  /** The length of the closing mark at the current position: "}}" or " -}}"; -1 when there is none. */
  #markLength(): number {
    if (this.#input.startsWith(CLOSE, this.#pos)) return CLOSE.length;
    const trimmed = isSpace(this.#input[this.#pos] ?? "") && this.#input.startsWith(`-${CLOSE}`, this.#pos + 1);
    return trimmed ? CLOSE.length + 2 : -1;
  }

  #skipClose(): void {
    const length = this.#markLength();
    this.#pos += length;
    if (length > CLOSE.length) while (isSpace(this.#input[this.#pos] ?? "")) this.#pos++;
    this.#start = this.#pos;
  }

  #close(): boolean {
    const length = this.#markLength();
    if (length < 0) return false;
    if (this.#depth > 0) throw new LexError("unclosed left paren");
    this.#tokens.push({ kind: "close", text: CLOSE, pos: this.#pos + length - CLOSE.length });
    this.#skipClose();
    return true;
  }

  #emit(kind: TokenKind): void {
    this.#tokens.push({ kind, text: this.#input.slice(this.#start, this.#pos), pos: this.#start });
    this.#start = this.#pos;
  }

  #peek(): string {
    const code = this.#input.codePointAt(this.#pos);
    return code === undefined ? "" : String.fromCodePoint(code);
  }

  #next(): string {
    const char = this.#peek();
    this.#pos += char.length;
    return char;
  }

  #run(test: CharTest): void {
    while (test(this.#peek())) this.#next();
  }

  #word(): void {
    const char = this.#next();
    if (char === "") throw new LexError("unclosed action");
    if (isSpace(char)) return this.#space();
    if (char === "=") return this.#emit("assign");
    if (char === ":") return this.#declare();
    if (char === "|") return this.#emit("pipe");
    if (char === '"') return this.#quoted('"', "string", "unterminated quoted string");
    if (char === "'") return this.#quoted("'", "character", "unterminated character constant");
    if (char === "`") return this.#raw();
    if (char === "$") return this.#name("variable", "variable");
    if (char === "." && this.#pos < this.#input.length && !isDigit(this.#peek())) return this.#name("field", "dot");
    if (".+-".includes(char) || isDigit(char)) return this.#number();
    if (isAlphanumeric(char)) return this.#identifier();
    if (char === "(" || char === ")") return this.#paren(char);
    if (char > " " && char <= "~") return this.#emit("symbol");
    throw new LexError(`unrecognized character in action: ${unicodeName(char)}`);
  }

  #space(): void {
    while (isSpace(this.#peek()) && this.#markLength() < 0) this.#next();
    this.#emit("space");
  }

  #declare(): void {
    if (this.#next() !== "=") throw new LexError("expected :=");
    this.#emit("declare");
  }

  #paren(char: string): void {
    this.#depth += char === "(" ? 1 : -1;
    if (this.#depth < 0) throw new LexError("unexpected right paren");
    this.#emit(char === "(" ? "leftParen" : "rightParen");
  }

  #quoted(mark: string, kind: TokenKind, unterminated: string): void {
    for (;;) {
      let char = this.#next();
      if (char === mark) return this.#emit(kind);
      if (char === "\\") char = this.#next();
      if (char === "" || char === "\n") throw new LexError(unterminated);
    }
  }

  #raw(): void {
    const end = this.#input.indexOf("`", this.#pos);
    if (end < 0) throw new LexError("unterminated raw quoted string");
    this.#pos = end + 1;
    this.#emit("string");
  }

  #atTerminator(): boolean {
    const char = this.#peek();
    return char === "" || isSpace(char) || TERMINATORS.includes(char) || this.#input.startsWith(CLOSE, this.#pos);
  }

  /** What follows "$" or "."; `alone` is the kind of the bare mark. */
  #name(kind: TokenKind, alone: TokenKind): void {
    if (this.#atTerminator()) return this.#emit(alone);
    this.#run(isAlphanumeric);
    this.#checkTerminator();
    this.#emit(kind);
  }

  #checkTerminator(): void {
    if (!this.#atTerminator()) throw new LexError(`bad character ${unicodeName(this.#peek())}`);
  }

  #identifier(): void {
    this.#run(isAlphanumeric);
    this.#checkTerminator();
    const word = this.#input.slice(this.#start, this.#pos);
    if (KEYWORDS.has(word)) return this.#emit("keyword");
    if (word === "true" || word === "false") return this.#emit("bool");
    this.#emit(word === "nil" ? "nil" : "identifier");
  }

  #number(): void {
    this.#pos = this.#start;
    const complete = this.#scanNumber();
    const complex = "+-".includes(this.#peek() || " ");
    if (complex) this.#scanNumber();
    if (!complete || complex) {
      throw new LexError(`bad number syntax: ${JSON.stringify(this.#input.slice(this.#start, this.#pos))}`);
    }
    this.#emit("number");
  }

  #scanNumber(): boolean {
    const number = /[+-]?(?:0[xX][0-9a-fA-F_]*|0[oO][0-7_]*|0[bB][01_]*|[0-9_]*)(?:\.[0-9_]*)?(?:[eE][+-]?[0-9_]*)?/y;
    number.lastIndex = this.#pos;
    this.#pos += number.exec(this.#input)?.[0].length ?? 0;
    if (!isAlphanumeric(this.#peek())) return true;
    this.#next();
    return false;
  }
}
