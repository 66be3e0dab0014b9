/** Values of flags that are lists of `key=value`, such as "type=local,dest=out". */
import { messageOf } from "../../base/errors.ts";
import { splitCsv } from "../container/values.ts";
import { CommandError } from "../errors.ts";

/** Keys in lower case. Throws CommandError in buildx's words. */
export function parseFields(text: string): Map<string, string> {
  return new Map(
    fieldsOf(text).map((field) => {
      const equals = field.indexOf("=");
      if (equals < 0) throw new CommandError(`invalid field '${field}' must be a key=value pair`);
      return [field.slice(0, equals).toLowerCase(), field.slice(equals + 1)];
    }),
  );
}

/** Throws CommandError when quotes are out of place. */
export function fieldsOf(text: string): readonly string[] {
  try {
    return splitCsv(text);
  } catch (cause) {
    throw new CommandError(messageOf(cause), 1, { cause });
  }
}

/** How docker's clients begin what they say of a build that could not begin. */
export const buildProblem = (problem: string, cause?: unknown): CommandError =>
  new CommandError(`ERROR: failed to build: ${problem}`, 1, { cause });
