/** The parser directives that may open a Dockerfile: `# syntax=`, `# escape=`, `# check=`. */
import { NotationError } from "./place.ts";

export type Escape = "\\" | "`";

export interface Directives {
  readonly escape: Escape;
  /** The frontend image that `# syntax=` names. */
  readonly syntax: string | undefined;
  /** The options of `# check=`, such as "skip=all;error=true". */
  readonly check: string | undefined;
}

interface DirectiveRows extends Directives {
  /** How many lines they take. */
  readonly rows: number;
}

const DIRECTIVE = /^\s*#\s*([a-zA-Z][a-zA-Z0-9]*)\s*=\s*(\S.*)$/s;
const KNOWN: ReadonlySet<string> = new Set(["syntax", "escape", "check"]);

/** They end at the first line that is none; what comes later is a comment. Throws NotationError for a second one of a kind. */
export function readDirectives(lines: readonly string[]): DirectiveRows {
  const found = new Map<string, string>();
  for (const [at, line] of lines.entries()) {
    const [, word = "", text = ""] = DIRECTIVE.exec(line) ?? [];
    const name = word.toLowerCase();
    const value = text.trimEnd();
    if (!KNOWN.has(name)) break;
    const place = { first: at + 1, last: at + 1 };
    if (found.has(name)) throw new NotationError(`only one ${name} parser directive can be used`, place);
    if (name === "escape" && !isEscape(value)) {
      throw new NotationError(`invalid escape token '${value}' does not match \` or \\`, place);
    }
    found.set(name, value);
  }
  const escape = found.get("escape") ?? "\\";
  return {
    escape: isEscape(escape) ? escape : "\\",
    syntax: found.get("syntax"),
    check: found.get("check"),
    rows: found.size,
  };
}

function isEscape(text: string): text is Escape {
  return text === "\\" || text === "`";
}
