/** One object through --format: json or a template (docker/cli's info and version). */
import { CommandError } from "./errors.ts";
import { safeJson } from "./format/safe-json.ts";
import type { Shape } from "./format/shape.ts";
import { toJson } from "./format/template/json.ts";
import { compile, type Template } from "./format/template/template.ts";
import { TemplateError } from "./format/template/template-error.ts";

export interface ObjectFormat {
  /** The template's name in messages. */
  readonly name: string;
  /** The error for a text that is no template. */
  readonly refusal: (message: string) => CommandError;
}

/** The finished line. A template that does not fit ends the command with docker's blank line and message. */
export function printObject(format: string, shape: Shape, data: unknown, { name, refusal }: ObjectFormat): string {
  const value = shape(data);
  if (format === "json") return `${safeJson(toJson(value))}\n`;
  let template: Template;
  try {
    template = compile(format, { name });
  } catch (error) {
    throw error instanceof TemplateError ? refusal(error.message) : error;
  }
  try {
    return `${template(value)}\n`;
  } catch (cause) {
    if (!(cause instanceof TemplateError)) throw cause;
    throw new CommandError(cause.message, 1, { cause });
  }
}
