/**
 * The shell's words as a Dockerfile knows them: quotes, escapes and `${name…}` in every form that BuildKit's stable frontend
 * has. Pure; a word is read once, from left to right.
 */
import type { Escape } from "./directives.ts";
import { DockerfileError } from "./place.ts";
import { removeMatch, replaceMatches } from "./shell-pattern.ts";

export interface ExpandOptions {
  readonly escape: Escape;
  /** Quotes stay in the result. */
  readonly rawQuotes?: boolean;
  /** Escape characters stay in the result. */
  readonly rawEscapes?: boolean;
  /** Quotes mean nothing, as in the text of a heredoc. */
  readonly plainQuotes?: boolean;
  /** References to unknown variables stay as they are written. */
  readonly keepUnset?: boolean;
}

export interface Expansion {
  readonly text: string;
  /** The text split at white space that was not quoted. */
  readonly words: readonly string[];
  /** Names that were asked for and are not set. */
  readonly unset: ReadonlySet<string>;
  /** Names that were asked for and are set. */
  readonly used: ReadonlySet<string>;
}

/** A text that cannot be expanded, and what was not set up to there. */
export class ExpansionError extends DockerfileError {
  readonly unset: ReadonlySet<string>;

  constructor(text: string, unset: ReadonlySet<string>, cause: DockerfileError) {
    super(`failed to process ${JSON.stringify(text)}: ${cause.message}`, undefined, { cause });
    this.unset = unset;
  }
}

export type Variables = ReadonlyMap<string, string>;

/** Throws DockerfileError: `failed to process "…": …`. */
export function expand(text: string, variables: Variables, options: ExpandOptions): Expansion {
  const expander = new Expander(text, variables, options);
  try {
    const { result, words } = expander.until(undefined, options.rawEscapes === true);
    return { text: result, words, unset: expander.unset, used: expander.used };
  } catch (error) {
    if (!(error instanceof DockerfileError)) throw error;
    throw new ExpansionError(text, expander.unset, error);
  }
}

/** Variables made of variables double with every line. */
const MAX_GROWTH = 1024 * 1024;

const SPACE = /\s/u;
const NAME_CHARACTER = /[\p{L}\p{Nd}_]/u;
const DIGIT = /\p{Nd}/u;
const MAX_DEPTH = 100;
const SPECIAL_PARAMETERS = "@*#?-$!0";

/** Collects words: characters that were quoted or escaped never separate. */
class Words {
  readonly list: string[] = [];
  #word = "";
  #open = false;

  add(character: string): void {
    if (!SPACE.test(character)) this.addRaw(character);
    else if (this.#open && this.#word !== "") this.#close();
  }

  addRaw(text: string): void {
    this.#word += text;
    this.#open = true;
  }

  done(): string[] {
    if (this.#word !== "") this.#close();
    return this.list;
  }

  #close(): void {
    this.list.push(this.#word);
    this.#word = "";
    this.#open = false;
  }
}

class Expander {
  readonly unset = new Set<string>();
  readonly used = new Set<string>();
  readonly #characters: readonly string[];
  readonly #variables: Variables;
  readonly #options: ExpandOptions;
  #at = 0;
  /** Of braces in braces. */
  #depth = 0;

  constructor(text: string, variables: Variables, options: ExpandOptions) {
    this.#characters = Array.from(text);
    this.#variables = variables;
    this.#options = options;
  }

  /** Reads to `stop`, which is swallowed, or to the end when there is none. */
  until(stop: string | undefined, rawEscapes: boolean): { result: string; words: string[] } {
    const words = new Words();
    let result = "";
    for (let next = this.#peek(); next !== undefined; next = this.#peek()) {
      if (next === stop) {
        this.#at++;
        return { result, words: words.done() };
      }
      if (next === "$") {
        const value = this.#dollar();
        result += value;
        if (result.length > this.#characters.length + MAX_GROWTH) throw new DockerfileError("the result is too long");
        if (SPACE.test(value)) for (const character of value) words.add(character);
        else words.addRaw(value);
      } else if (this.#isQuote(next)) {
        const quoted = next === "'" ? this.#singleQuoted() : this.#doubleQuoted(rawEscapes);
        result += quoted;
        words.addRaw(quoted);
      } else {
        result += this.#plain(words, rawEscapes);
      }
    }
    if (stop !== undefined) {
      throw new DockerfileError(`unexpected end of statement while looking for matching ${stop}`);
    }
    return { result, words: words.done() };
  }

  #peek(): string | undefined {
    return this.#characters[this.#at];
  }

  #next(): string | undefined {
    return this.#characters[this.#at++];
  }

  #isQuote(character: string): boolean {
    return this.#options.plainQuotes !== true && (character === "'" || character === '"');
  }

  #plain(words: Words, rawEscapes: boolean): string {
    const character = this.#next() ?? "";
    if (character !== this.#options.escape) {
      words.add(character);
      return character;
    }
    const escaped = this.#next();
    const text = (rawEscapes ? character : "") + (escaped ?? "");
    if (text !== "") words.addRaw(text);
    return text;
  }

  #singleQuoted(): string {
    const quote = this.#options.rawQuotes === true ? "'" : "";
    this.#at++;
    const end = this.#characters.indexOf("'", this.#at);
    if (end === -1) throw new DockerfileError("unexpected end of statement while looking for matching single-quote");
    const text = this.#characters.slice(this.#at, end).join("");
    this.#at = end + 1;
    return quote + text + quote;
  }

  /** Only the quote, the dollar sign and the escape character can be escaped in it. */
  #doubleQuoted(rawEscapes: boolean): string {
    const { escape, rawQuotes } = this.#options;
    const quote = rawQuotes === true ? '"' : "";
    this.#at++;
    let text = "";
    for (let next = this.#peek(); next !== undefined; next = this.#peek()) {
      if (next === '"') {
        this.#at++;
        return quote + text + quote;
      }
      if (next === "$") {
        text += this.#dollar();
        continue;
      }
      this.#at++;
      if (next !== escape) {
        text += next;
        continue;
      }
      if (rawEscapes) text += next;
      const escaped = this.#peek();
      if (escaped === undefined) continue;
      if (escaped === '"' || escaped === "$" || escaped === escape) text += this.#next() ?? "";
      else text += next;
    }
    throw new DockerfileError("unexpected end of statement while looking for matching double-quote");
  }

  #dollar(): string {
    this.#at++;
    if (this.#peek() === "{") return this.#braced();
    const name = this.#name();
    if (name === "") return "$";
    const value = this.#lookUp(name);
    return value === undefined && this.#options.keepUnset === true ? `$${name}` : (value ?? "");
  }

  #braced(): string {
    this.#at++;
    const first = this.#peek();
    if (first === undefined) throw new DockerfileError("syntax error: missing '}'");
    if (first === "{" || first === "}" || first === ":") throw new DockerfileError("syntax error: bad substitution");
    const name = this.#name();
    const operator = this.#next();
    switch (operator) {
      case "}": {
        const value = this.#lookUp(name);
        return value === undefined && this.#options.keepUnset === true ? `\${${name}}` : (value ?? "");
      }
      case ":":
        return this.#modified(name, `:${this.#next() ?? "\uFFFD"}`);
      case "+":
      case "-":
      case "?":
      case "#":
      case "%":
        return this.#modified(name, operator);
      case "/":
        return this.#replaced(name);
      case undefined:
        throw new DockerfileError("unsupported modifier (\uFFFD) in substitution");
      default:
        throw new DockerfileError(`unsupported modifier (${operator}) in substitution`);
    }
  }

  /** `${name-word}` and its kin; a colon makes an empty value count as unset. */
  #modified(name: string, modifier: string): string {
    const kind = modifier.slice(-1);
    const word = this.#inBraces("}", kind === "#" || kind === "%");
    const value = this.#lookUp(name);
    if (value === undefined && this.#options.keepUnset === true) return `\${${name}${modifier}${word}}`;
    const missing = value === undefined || (modifier.startsWith(":") && value === "");
    switch (kind) {
      case "-":
        return missing ? word : value;
      case "+":
        return missing ? "" : word;
      case "?":
        if (!missing) return value;
        throw new DockerfileError(
          `${name}: ${word || `is not allowed to be ${value === undefined ? "unset" : "empty"}`}`,
        );
      case "#":
      case "%":
        return removeMatch(value ?? "", word, kind);
      default:
        throw new DockerfileError(`unsupported modifier (${modifier}) in substitution`);
    }
  }

  /** `${name/pattern/replacement}`, with two slashes every match. */
  #replaced(name: string): string {
    const all = this.#peek() === "/";
    if (all) this.#at++;
    const pattern = this.#inBraces("/", true);
    const replacement = this.#inBraces("}", true);
    const value = this.#lookUp(name);
    if (value === undefined && this.#options.keepUnset === true) return `\${${name}/${pattern}/${replacement}}`;
    return replaceMatches(value ?? "", { pattern, replacement, all });
  }

  #inBraces(stop: "}" | "/", rawEscapes: boolean): string {
    if (++this.#depth > MAX_DEPTH) throw new DockerfileError("substitutions are nested too deeply");
    try {
      const { result } = this.until(stop, rawEscapes);
      this.#depth--;
      return result;
    } catch (error) {
      if (this.#peek() !== undefined) throw error;
      throw new DockerfileError(
        stop === "}" ? "syntax error: missing '}'" : "syntax error: missing '/' in ${}",
        undefined,
        {
          cause: error,
        },
      );
    }
  }

  /** Letters, digits and underscores; only digits after a first digit; or one of the shell's special parameters. */
  #name(): string {
    const first = this.#peek();
    if (first === undefined) return "";
    const start = this.#at;
    if (DIGIT.test(first)) {
      while (DIGIT.test(this.#peek() ?? "")) this.#at++;
    } else if (SPECIAL_PARAMETERS.includes(first)) {
      this.#at++;
    } else {
      while (NAME_CHARACTER.test(this.#peek() ?? "")) this.#at++;
    }
    return this.#characters.slice(start, this.#at).join("");
  }

  #lookUp(name: string): string | undefined {
    const value = this.#variables.get(name);
    (value === undefined ? this.unset : this.used).add(name);
    return value;
  }
}
