/** JSON from clients: parsed by the platform, refused with the words of Go's encoding/json, which clients and people know. */
import { invalidParameter } from "../base/errors.ts";

const SPACE = /[ \t\n\r]/;
const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const LITERALS = ["true", "false", "null"] as const;
/** Deeper nesting than any request has. */
const MAX_DEPTH = 1000;

/** Throws invalidParameter for anything but exactly one JSON value. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw invalidParameter(explainSyntax(text), { cause: error });
  }
}

/** Why `text` is not one JSON value, as Docker answers (moby daemon/server/httputils/httputils.go). */
function explainSyntax(text: string): string {
  if (text.trim() === "") return "invalid JSON: got EOF while reading request body";
  const problem = new Scanner(text).scan();
  return problem === TRAILING ? TRAILING : `invalid JSON: ${problem}`;
}

const TRAILING = "unexpected content after JSON";
const EOF = "unexpected EOF";

/** Walks the text up to its first fault. */
class Scanner {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  scan(): string {
    return this.#value(0) ?? (this.#peek() === "" ? "malformed" : TRAILING);
  }

  /** The next character that is not space; "" at the end. */
  #peek(): string {
    while (SPACE.test(this.#text[this.#at] ?? "")) this.#at += 1;
    return this.#text[this.#at] ?? "";
  }

  #value(depth: number): string | undefined {
    if (depth > MAX_DEPTH) return "exceeded max depth";
    const first = this.#peek();
    if (first === "") return EOF;
    if (first === "{") return this.#object(depth);
    if (first === "[") return this.#array(depth);
    if (first === '"') return this.#string();
    if (first === "-" || (first >= "0" && first <= "9")) return this.#number();
    const literal = LITERALS.find((word) => word.startsWith(first));
    return literal === undefined ? invalid(first, "looking for beginning of value") : this.#literal(literal);
  }

  #object(depth: number): string | undefined {
    this.#at += 1;
    if (this.#peek() === "}") return this.#skip();
    for (;;) {
      const quote = this.#peek();
      if (quote === "") return EOF;
      if (quote !== '"') return invalid(quote, "looking for beginning of object key string");
      const inKey = this.#string();
      if (inKey !== undefined) return inKey;
      const colon = this.#peek();
      if (colon !== ":") return colon === "" ? EOF : invalid(colon, "after object key");
      this.#at += 1;
      const inValue = this.#value(depth + 1);
      if (inValue !== undefined) return inValue;
      const next = this.#peek();
      if (next === "}") return this.#skip();
      if (next !== ",") return next === "" ? EOF : invalid(next, "after object key:value pair");
      this.#at += 1;
    }
  }

  #array(depth: number): string | undefined {
    this.#at += 1;
    if (this.#peek() === "]") return this.#skip();
    for (;;) {
      const inValue = this.#value(depth + 1);
      if (inValue !== undefined) return inValue;
      const next = this.#peek();
      if (next === "]") return this.#skip();
      if (next !== ",") return next === "" ? EOF : invalid(next, "after array element");
      this.#at += 1;
    }
  }

  #string(): string | undefined {
    for (this.#at += 1; ; this.#at += 1) {
      const char = this.#text[this.#at] ?? "";
      if (char === "") return EOF;
      if (char === '"') return this.#skip();
      if (char < " ") return invalid(char, "in string");
      if (char !== "\\") continue;
      this.#at += 1;
      const escaped = this.#text[this.#at] ?? "";
      if (escaped === "") return EOF;
      if (escaped === "u") {
        const digits = this.#text.slice(this.#at + 1, this.#at + 5);
        if (!/^[0-9a-fA-F]{4}$/.test(digits)) return `invalid escape sequence \`\\u${digits}\` in string`;
      } else if (!'"\\/bfnrt'.includes(escaped)) return `invalid escape sequence \`\\${escaped}\` in string`;
    }
  }

  #number(): string | undefined {
    NUMBER.lastIndex = this.#at;
    if (!NUMBER.test(this.#text)) {
      const next = this.#text[this.#at + 1] ?? "";
      return next === "" ? EOF : invalid(next, "in numeric literal");
    }
    this.#at = NUMBER.lastIndex;
    const [marker = "", next = ""] = this.#text.slice(this.#at);
    if (!".eE".includes(marker) || marker === "") return undefined;
    return next === "" ? EOF : invalid(next, "in numeric literal");
  }

  #literal(word: string): string | undefined {
    for (const wanted of word) {
      const char = this.#text[this.#at] ?? "";
      if (char === "") return EOF;
      if (char !== wanted) return invalid(char, `in literal ${word} (expecting '${wanted}')`);
      this.#at += 1;
    }
    return undefined;
  }

  #skip(): undefined {
    this.#at += 1;
  }
}

function invalid(char: string, where: string): string {
  return `invalid character ${quoteChar(char)} ${where}`;
}

/** A character as Go's %q prints it for the commonest cases. */
function quoteChar(char: string): string {
  if (char === "'") return "'\\''";
  const quoted = JSON.stringify(char).slice(1, -1);
  return `'${char === '"' ? char : quoted}'`;
}
