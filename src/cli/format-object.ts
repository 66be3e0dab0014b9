/** One object through --format: json or a template (docker/cli's info and version). */
import type { CommandError } from "./errors.ts";
import { safeJson } from "./format/safe-json.ts";
import type { Shape } from "./format/shape.ts";
import { toJson } from "./format/template/json.ts";
import { compile, type Template } from "./format/template/template.ts";
import { TemplateError } from "./format/template/template-error.ts";
import type { Io } from "./io.ts";

export interface ObjectFormat {
  /** The template's name in messages. */
  readonly name: string;
  /** The error for a text that is no template. */
  readonly refusal: (message: string) => CommandError;
}

/** What to print, and what is wrong with it: docker still ends the line before it says that a template does not fit. */
export interface PrintedObject {
  readonly text: string;
  /** "" when all is well. */
  readonly problem: string;
}

/** Writes both parts where they belong. The exit code. */
export async function writeObject({ stdout, stderr }: Io, { text, problem }: PrintedObject): Promise<number> {
  await stdout.write(text);
  if (problem === "") return 0;
  await stderr.write(`${problem}\n`);
  return 1;
}

/** Throws `refusal` for a text that is no template. */
export function printObject(format: string, shape: Shape, data: unknown, options: ObjectFormat): PrintedObject {
  const { name, refusal } = options;
  const value = shape(data);
  if (format === "json") return { text: `${safeJson(toJson(value))}\n`, problem: "" };
  let template: Template;
  try {
    template = compile(format, { name });
  } catch (error) {
    throw error instanceof TemplateError ? refusal(error.message) : error;
  }
  try {
    return { text: `${template(value)}\n`, problem: "" };
  } catch (error) {
    if (!(error instanceof TemplateError)) throw error;
    return { text: "\n", problem: error.message };
  }
}
