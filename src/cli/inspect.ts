/** What inspect, container inspect and image inspect share: fetch each object, print what was found, then what was not. */
import type { Context } from "./command.ts";
import { CommandError, errorText } from "./errors.ts";
import { safeJson } from "./format/safe-json.ts";
import type { Shape } from "./format/shape.ts";
import { neutralise } from "./neutralise.ts";

export interface Found {
  readonly data: unknown;
  readonly shape: Shape;
}

export interface InspectOptions {
  /** "" is an indented JSON array, "json" a compact one. */
  readonly format: string;
  /** Rejects when there is no such object. */
  readonly fetch: (ref: string) => Promise<Found>;
}

const EXIT_TEMPLATE = 64;
/** The exit code: 1 when something was not found or does not fit the template. */
export async function inspectAll({ io }: Context, refs: readonly string[], options: InspectOptions): Promise<number> {
  const print = await printer(options.format, io.isTerminal(1));
  const found: Found[] = [];
  const errors: string[] = [];
  for (const ref of refs) {
    try {
      found.push(await options.fetch(ref));
    } catch (error) {
      errors.push(`${errorText(error)}\n`);
    }
  }
  const { text, problems } = print(found);
  await io.stdout.write(text);
  const failed = [...problems.map((problem) => `${problem}\n`), ...errors];
  if (failed.length > 0) await io.stderr.write(failed.join(""));
  return failed.length > 0 ? 1 : 0;
}

interface Printed {
  readonly text: string;
  readonly problems: readonly string[];
}

async function printer(format: string, terminal: boolean): Promise<(found: readonly Found[]) => Printed> {
  if (format === "" || format === "json") {
    const indent = format === "" ? 4 : undefined;
    return (found) => ({ text: `${jsonText(found, indent)}\n`, problems: [] });
  }
  const render = await templatePrinter(format);
  // Programs get what was asked for byte by byte; a terminal must not be driven by it.
  return (found) => {
    const { text, problems } = render(found);
    return { text: terminal ? neutralise(text) : text, problems };
  };
}

function jsonText(found: readonly Found[], indent: number | undefined): string {
  const objects = found.map(({ data }) => data);
  return safeJson(JSON.stringify(objects, undefined, indent));
}

async function templatePrinter(format: string): Promise<(found: readonly Found[]) => Printed> {
  const [{ compileInspect }, { TemplateError }] = await Promise.all([
    import("./format/inspect-format.ts"),
    import("./format/template/template-error.ts"),
  ]);
  const problemOf = (error: unknown): string => {
    if (error instanceof TemplateError) return `template parsing error: ${error.message}`;
    throw error;
  };
  let render: ReturnType<typeof compileInspect>;
  try {
    render = compileInspect(format);
  } catch (error) {
    throw new CommandError(problemOf(error), EXIT_TEMPLATE, { cause: error });
  }
  return (found) => {
    const problems: string[] = [];
    const texts = found.map(({ data, shape }) => {
      try {
        return render(data, shape);
      } catch (error) {
        problems.push(problemOf(error));
        return "";
      }
    });
    const text = texts.filter((_text, at) => at === 0 || problems.length === 0 || texts[at] !== "");
    return { text: text.length === 0 ? "\n" : text.map((line) => `${line}\n`).join(""), problems };
  };
}
