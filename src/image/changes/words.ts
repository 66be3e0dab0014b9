/** Words of a Dockerfile instruction: quotes, escapes and variables, after moby's shell parser for instructions. */
import { invalidParameter } from "../../base/errors.ts";

const DOUBLE_QUOTE_ESCAPES = new Set(['"', "$", "\\"]);
const VARIABLE = /^\$(?:([A-Za-z_][A-Za-z0-9_]*)|\{([A-Za-z_][A-Za-z0-9_]*)(?::([-+])([^}]*))?\})/;

/** Splits at blanks outside quotes. Quotes and escapes stay, for `unquote` to take away. */
export function splitWords(text: string): string[] {
  const words: string[] = [];
  let word: string | undefined;
  let quote = "";
  for (let at = 0; at < text.length; at++) {
    const char = text[at] ?? "";
    if (char === "\\" && quote !== "'" && at + 1 < text.length) {
      word = (word ?? "") + char + (text[++at] ?? "");
    } else if (quote === "" && /\s/.test(char)) {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else {
      if (quote === "" && (char === "'" || char === '"')) quote = char;
      else if (char === quote) quote = "";
      word = (word ?? "") + char;
    }
  }
  return word === undefined ? words : [...words, word];
}

/** Takes quotes and escapes away and puts variables' values in; unknown variables are empty. */
export function unquote(word: string, variables: ReadonlyMap<string, string>): string {
  let out = "";
  let quote = "";
  for (let at = 0; at < word.length; at++) {
    const char = word[at] ?? "";
    const next = word[at + 1] ?? "";
    const variable = char === "$" && quote !== "'" ? expand(word.slice(at), variables) : undefined;
    if (variable !== undefined) {
      out += variable.value;
      at += variable.length - 1;
    } else if (char === "\\" && quote !== "'" && next !== "") {
      out += quote === '"' && !DOUBLE_QUOTE_ESCAPES.has(next) ? char + next : next;
      at++;
    } else if (quote === "" && (char === "'" || char === '"')) quote = char;
    else if (char === quote) quote = "";
    else out += char;
  }
  if (quote !== "")
    throw invalidParameter(
      `unexpected end of statement while looking for matching ${quote === '"' ? "double" : "single"}-quote`,
    );
  return out;
}

function expand(text: string, variables: ReadonlyMap<string, string>): { value: string; length: number } | undefined {
  const [whole, plain, braced = "", operator, word = ""] = VARIABLE.exec(text) ?? [];
  if (whole === undefined) return undefined;
  const value = variables.get(plain ?? braced) ?? "";
  if (operator === "-") return { value: value === "" ? unquote(word, variables) : value, length: whole.length };
  if (operator === "+") return { value: value === "" ? "" : unquote(word, variables), length: whole.length };
  return { value, length: whole.length };
}

/** A JSON list of strings, or undefined: anything else is the shell form. */
export function jsonForm(text: string): string[] | undefined {
  if (!text.startsWith("[")) return undefined;
  try {
    const parsed: unknown = JSON.parse(text);
    return Array.isArray(parsed) && parsed.every((item) => typeof item === "string") ? parsed : undefined;
  } catch {
    return undefined; // The shell form may begin with a bracket.
  }
}
