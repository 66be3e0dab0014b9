/** The words a Go template is made of, and how error texts quote them. */
import { quote } from "./quote.ts";

export type TokenKind =
  | "text"
  | "open"
  | "close"
  | "space"
  | "field"
  | "variable"
  | "identifier"
  | "keyword"
  | "number"
  | "character"
  | "string"
  | "bool"
  | "dot"
  | "nil"
  | "pipe"
  | "assign"
  | "declare"
  | "leftParen"
  | "rightParen"
  | "symbol"
  | "error"
  | "eof";

export interface Token {
  readonly kind: TokenKind;
  readonly text: string;
  /** Offset in the template. */
  readonly pos: number;
}

const QUOTED_CHARS = 10;

/** The token as "unexpected … in operand" shows it. */
export function describe(token: Token): string {
  const { kind, text } = token;
  if (kind === "eof") return "EOF";
  if (kind === "error") return text;
  if (kind === "keyword" || kind === "dot" || kind === "nil") return `<${text}>`;
  return text.length > QUOTED_CHARS ? `${quote(text.slice(0, QUOTED_CHARS))}...` : quote(text);
}
