/** How the rest of a statement falls into arguments. Quotes stay where variables are expanded later. Pure. */
import type { Escape } from "./directives.ts";
import { NotationError } from "./place.ts";

/** At white space outside quotes; escapes and quotes stay in the words. */
export function quotedWords(text: string, escape: Escape): string[] {
  const words: string[] = [];
  let word: string | undefined;
  let quote = "";
  for (let at = 0; at < text.length; at++) {
    const character = text.charAt(at);
    if (quote === "" && /\s/.test(character)) {
      if (word !== undefined) words.push(word);
      word = undefined;
      continue;
    }
    word ??= "";
    if (character === escape && quote !== "'") {
      // An escape character at the very end escapes nothing.
      if (at + 1 < text.length) word += character + text.charAt(++at);
      continue;
    }
    if (quote === "" && (character === "'" || character === '"')) quote = character;
    else if (character === quote) quote = "";
    word += character;
  }
  if (word !== undefined) words.push(word);
  return words;
}

/** At white space, whatever the quotes. */
export function plainWords(text: string): string[] {
  return text.split(/[\t\v\f\r ]+/).filter((word) => word !== "");
}

/** A JSON array of strings; undefined when it is anything else. Throws NotationError for other things in an array. */
export function jsonWords(text: string): string[] | undefined {
  if (!text.trimStart().startsWith("[")) return undefined;
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (!Array.isArray(parsed)) return undefined;
  return parsed.map((item) => {
    if (typeof item === "string") return item;
    throw new NotationError("when using JSON array syntax, arrays must be comprised of strings only");
  });
}

export interface KeyValue {
  readonly key: string;
  readonly value: string;
  /** Written in the old way, "KEY value". */
  readonly legacy: boolean;
}

/** `name=value name2="a b"`, or `name the whole rest`. Throws NotationError. */
export function keyValues(text: string, escape: Escape, instruction: string): KeyValue[] {
  const words = quotedWords(text, escape);
  const [first] = words;
  if (first === undefined) return [];
  if (first.includes("=")) {
    return words.map((word) => {
      const at = word.indexOf("=");
      if (at === -1) {
        throw new NotationError(
          `Syntax error - can't find = in ${JSON.stringify(word)}. Must be of the form: name=value`,
        );
      }
      return { key: word.slice(0, at), value: word.slice(at + 1), legacy: false };
    });
  }
  const [, key, value] = /^([^\t\v\f\r ]+)[\t\v\f\r ]+([\s\S]*)$/.exec(text) ?? [];
  if (key === undefined || value === undefined) throw new NotationError(`${instruction} must have two arguments`);
  return [{ key, value, legacy: true }];
}
