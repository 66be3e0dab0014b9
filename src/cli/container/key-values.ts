/** Environment variables and labels, from flags and from files (docker/cli's pkg/kvfile). */
import { hasCode } from "../../base/errors.ts";
import { CommandError } from "../errors.ts";
import { absolutePath } from "./paths.ts";

export interface KeyValueSources {
  readonly files: readonly string[];
  readonly flags: readonly string[];
  readonly cwd: string;
  /** The user's environment for names without a value; undefined leaves such names as they are. */
  readonly variables: Readonly<Record<string, string | undefined>> | undefined;
}

/** Refuses an environment flag without a name. */
export function checkVariable(text: string): string {
  if (text === "" || text.startsWith("=")) throw new Error(`invalid environment variable: ${text}`);
  return text;
}

/** Refuses a label without a name, or with spaces in it. */
export function checkLabel(text: string): string {
  const name = text.split("=", 1)[0] ?? "";
  if (name === "") throw new Error(`invalid label '${text}': empty name`);
  if (/\s/.test(name)) throw new Error(`label '${name}' contains whitespaces`);
  return text;
}

/** Files first, then flags, so that flags win; in order otherwise. */
export async function readKeyValues({ files, flags, cwd, variables }: KeyValueSources): Promise<string[]> {
  const pairs: string[] = [];
  for (const file of files) {
    for (const line of parseKeyValueFile(file, await readUserFile(cwd, file))) {
      const value = line.includes("=") ? undefined : variables?.[line];
      // A bare name in a file is a wish for the user's own value; without one it is nothing. A label needs none.
      if (line.includes("=") || variables === undefined) pairs.push(line);
      else if (value !== undefined) pairs.push(`${line}=${value}`);
    }
  }
  for (const flag of flags) {
    const value = flag.includes("=") ? undefined : variables?.[flag];
    pairs.push(value === undefined ? flag : `${flag}=${value}`);
  }
  return pairs;
}

/** The lines that say something; `file` is for messages. */
function parseKeyValueFile(file: string, bytes: Uint8Array): string[] {
  return linesOf(bytes).flatMap((line, at) => {
    const text = decodeLine(line);
    if (text === undefined)
      throw new CommandError(`invalid env file (${file}): invalid utf8 bytes at line ${at + 1}: [${line.join(" ")}]`);
    const trimmed = (at === 0 ? text.replace(/^\uFEFF/, "") : text).replace(/^[ \t\v\f\r\u0085\u00a0]+/, "");
    if (trimmed === "" || trimmed.startsWith("#")) return [];
    const name = trimmed.split("=", 1)[0] ?? "";
    if (name === "") throw new CommandError(`invalid env file (${file}): no variable name on line '${trimmed}'`);
    if (/[ \t]/.test(name))
      throw new CommandError(`invalid env file (${file}): variable '${name}' contains whitespaces`);
    return [trimmed];
  });
}

function linesOf(bytes: Uint8Array): Uint8Array[] {
  const lines: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; ) {
    const newline = bytes.indexOf(10, at);
    const end = newline < 0 ? bytes.length : newline;
    lines.push(bytes.subarray(at, bytes[end - 1] === 13 && end > at ? end - 1 : end));
    at = end + 1;
  }
  return lines;
}

function decodeLine(line: Uint8Array): string | undefined {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(line);
  } catch {
    return undefined;
  }
}

/** A file that a flag names. Throws CommandError in Go's words. */
export async function readUserFile(cwd: string, path: string): Promise<Uint8Array> {
  try {
    return await Bun.file(absolutePath(cwd, path)).bytes();
  } catch (error) {
    throw new CommandError(`open ${path}: ${reasonOf(error)}`, 1, { cause: error });
  }
}

function reasonOf(error: unknown): string {
  if (hasCode(error, "ENOENT")) return "no such file or directory";
  if (hasCode(error, "EISDIR")) return "is a directory";
  return hasCode(error, "EACCES") ? "permission denied" : String(error);
}
