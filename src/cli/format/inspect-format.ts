/** One inspected object through a template: first with Go's types, then as plain JSON whose missing keys are errors (docker/cli's inspect). */
import type { Shape } from "./shape.ts";
import { compile } from "./template/template.ts";
import { TemplateError } from "./template/template-error.ts";
import { fromJson } from "./template/value.ts";

/** Returns the text for one object. Throws TemplateError: at once for a wrong template, later for one that does not fit. */
export function compileInspect(template: string): (data: unknown, shape: Shape) => string {
  const typed = compile(template);
  const untyped = compile(template, { strict: true });
  return (data, shape) => {
    try {
      return typed(shape(data));
    } catch (error) {
      if (!(error instanceof TemplateError)) throw error;
      return untyped(fromJson(data));
    }
  };
}
