/** Templates against what `docker inspect --format` (28.2) printed for the container in testdata/. */
import { expect, test } from "bun:test";
import { containerShape } from "./container-shape.ts";
import { compileInspect } from "./inspect-format.ts";
import { TemplateError } from "./template/template-error.ts";
import container from "./testdata/container.json";
import cases from "./testdata/inspect-format.json";

const PREFIX = "template parsing error: ";

function inspect(template: string): { stdout?: string; stderr?: string; code: number } {
  let render: ReturnType<typeof compileInspect>;
  try {
    render = compileInspect(template);
  } catch (error) {
    return { stderr: `${PREFIX}${messageOfTemplate(error)}\n`, code: 64 };
  }
  try {
    return { stdout: `${render(container, containerShape)}\n`, code: 0 };
  } catch (error) {
    return { stdout: "\n", stderr: `${PREFIX}${messageOfTemplate(error)}\n`, code: 1 };
  }
}

function messageOfTemplate(error: unknown): string {
  if (error instanceof TemplateError) return error.message;
  throw error;
}

test.each(cases)("prints what docker inspect prints for $template", ({ template, ...recorded }) => {
  expect(inspect(template)).toEqual(recorded);
});
