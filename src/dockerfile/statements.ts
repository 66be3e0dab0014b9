/** A Dockerfile as a list of statements: continued lines joined, comments taken out, flags and here-documents set apart. Pure. */
import { type Directives, type Escape, readDirectives } from "./directives.ts";
import { type Heredoc, type HeredocMark, heredocMarks } from "./heredoc.ts";
import { type Lines, NotationError } from "./place.ts";

export interface Statement {
  /** As it was written. */
  readonly keyword: string;
  /** "--name" or "--name=value". */
  readonly flags: readonly string[];
  /** What follows keyword and flags. */
  readonly rest: string;
  /** The joined line without its here-documents. */
  readonly text: string;
  readonly heredocs: readonly Heredoc[];
  /** The comment lines since the statement before it, or since an empty one of them. */
  readonly comments: readonly string[];
  readonly lines: Lines;
}

export interface StatementList {
  readonly directives: Directives;
  readonly statements: readonly Statement[];
  /** Statements whose continuation holds an empty line, by the line they end on. */
  readonly emptyContinuations: readonly Lines[];
}

const MAX_LINE_BYTES = 65_535;
/** Every instruction may go through everything that was set before it: hostile files would keep an engine busy for hours. */
const MAX_STATEMENTS = 5000;
const TAKES_HEREDOCS = /^\s*(?:onbuild\s+)?(?:run|copy|add)\s/i;

/** Throws NotationError with its place. */
export function readStatements(source: string): StatementList {
  const rows = source.replace(/^\uFEFF/, "").split("\n");
  if (rows.at(-1) === "") rows.pop();
  const { rows: begin, ...directives } = readDirectives(rows);
  const reader = new StatementReader(rows, { begin, escape: directives.escape });
  const statements = reader.all();
  if (statements.length === 0) throw new NotationError("file with no instructions", oneLine(rows.length));
  return { directives, statements, emptyContinuations: reader.emptyContinuations };
}

const oneLine = (line: number): Lines => ({ first: line, last: line });

class StatementReader {
  readonly emptyContinuations: Lines[] = [];
  readonly #rows: readonly string[];
  readonly #escape: Escape;
  readonly #continued: RegExp;
  #at: number;

  constructor(rows: readonly string[], { begin, escape }: { begin: number; escape: Escape }) {
    this.#rows = rows;
    this.#at = begin;
    this.#escape = escape;
    const token = `\\${escape}`;
    // An escape character that is itself escaped continues nothing.
    this.#continued = new RegExp(`(^|[^${token}])${token}[ \\t]*$`);
  }

  all(): Statement[] {
    const statements: Statement[] = [];
    let comments: string[] = [];
    while (this.#at < this.#rows.length) {
      const row = this.#row().trimStart();
      if (row.startsWith("#")) {
        const comment = row.slice(1).trim();
        if (comment === "") comments = [];
        else comments.push(comment);
      } else if (row.trim() !== "") {
        statements.push(this.#statement(row, comments));
        comments = [];
        if (statements.length > MAX_STATEMENTS) {
          throw new NotationError(`file with more than ${MAX_STATEMENTS} instructions`, oneLine(this.#at));
        }
      }
    }
    return statements;
  }

  /** The next row without its line end. */
  #row(): string {
    const row = this.#rows[this.#at++] ?? "";
    if (row.length > MAX_LINE_BYTES) {
      throw new NotationError(`dockerfile line greater than max allowed size of ${MAX_LINE_BYTES}`, oneLine(this.#at));
    }
    return row.replace(/\r$/, "");
  }

  #statement(firstRow: string, comments: readonly string[]): Statement {
    const first = this.#at;
    const text = this.#joined(firstRow, first);
    const place = { first, last: this.#at };
    const { keyword, flags, rest } = splitStatement(text, this.#escape);
    const marks = TAKES_HEREDOCS.test(text) && text.includes("<<") ? heredocMarks(text) : [];
    const heredocs = marks.map((mark) => this.#heredoc(mark, first));
    return { keyword, flags, rest, text, heredocs, comments, lines: { ...place, last: this.#at } };
  }

  /** A row and those that continue it. Comments in between do not count, empty rows are a bad habit. */
  #joined(firstRow: string, first: number): string {
    let text = "";
    let part = firstRow;
    let hasEmpty = false;
    for (;;) {
      const isContinued = this.#continued.test(part);
      text += isContinued ? part.replace(this.#continued, "$1") : part;
      if (!isContinued) break;
      let next: string | undefined;
      while (next === undefined && this.#at < this.#rows.length) {
        const row = this.#row();
        if (row.trim() === "") hasEmpty = true;
        else if (!row.trimStart().startsWith("#")) next = row;
      }
      if (next === undefined) break;
      part = next;
    }
    if (hasEmpty) this.emptyContinuations.push({ first, last: this.#at });
    return text;
  }

  #heredoc(mark: HeredocMark, first: number): Heredoc {
    let content = "";
    while (this.#at < this.#rows.length) {
      const row = this.#rows[this.#at++] ?? "";
      const bare = row.replace(/\r$/, "");
      if ((mark.chomp ? bare.replace(/^\t+/, "") : bare) === mark.name) return { ...mark, content };
      content += `${row}\n`;
    }
    throw new NotationError("unterminated heredoc", { first, last: this.#at });
  }
}

/** Keyword, flags and the rest. Also for the statement inside ONBUILD. */
function splitStatement(text: string, escape: Escape): Pick<Statement, "keyword" | "flags" | "rest"> {
  const [, keyword = "", after = ""] = /^(\S+)[\t\v\f\r ]*([\s\S]*)$/.exec(text.trim()) ?? [];
  const flags: string[] = [];
  let rest = after.trim();
  while (rest.startsWith("--")) {
    const end = flagEnd(rest, escape);
    const flag = unquoted(rest.slice(0, end), escape);
    rest = rest.slice(end).trimStart();
    if (flag === "--") break;
    flags.push(flag);
  }
  return { keyword, flags, rest };
}

/** Where the word ends that a flag is; quotes and escapes hold white space together. */
function flagEnd(text: string, escape: Escape): number {
  let quote = "";
  for (let at = 0; at < text.length; at++) {
    const character = text.charAt(at);
    if (character === escape && quote !== "'") at++;
    else if (quote !== "") quote = character === quote ? "" : quote;
    else if (character === "'" || character === '"') quote = character;
    else if (character.trim() === "") return at;
  }
  return text.length;
}

function unquoted(word: string, escape: Escape): string {
  let text = "";
  let quote = "";
  for (let at = 0; at < word.length; at++) {
    const character = word.charAt(at);
    if (character === escape && quote !== "'") text += word.charAt(++at);
    else if (quote !== "" ? character === quote : character === "'" || character === '"') {
      quote = quote === "" ? character : "";
    } else text += character;
  }
  return text;
}
