/** What can be asked of a Dockerfile without building it: `--call=check`, `outline` and `targets`. */
import { notImplemented } from "../../base/errors.ts";
import { excerptOf } from "../../dockerfile/excerpt.ts";
import { type Dockerfile, parseDockerfile } from "../../dockerfile/parse.ts";
import type { FrontendOptions } from "../builder.ts";
import { BuildFailure, type FileText, failureIn } from "../failure.ts";
import type { Linter } from "./lint.ts";
import { outline } from "./outline.ts";
import { location, type Shown, table } from "./shown.ts";

export const LINT = "frontend.lint";
const OUTLINE = "frontend.outline";
const TARGETS = "frontend.targets";
const DESCRIBE = "frontend.subrequests.describe";

export interface SubrequestFacts {
  readonly file: FileText;
  readonly linter: Linter;
  /** Goes through the file as a build would, and tells the linter of what it sees. Throws what a build would throw. */
  examine(): Promise<Dockerfile>;
}

/** "result.json", "result.txt" and "version"; a check that found something has "result.statuscode". */
export async function answerSubrequest(options: FrontendOptions, facts: SubrequestFacts): Promise<Map<string, string>> {
  const { file } = facts;
  switch (options.subrequest) {
    case LINT:
      return lint(facts);
    case OUTLINE:
      return answer(outline(options, await facts.examine(), file.text));
    case TARGETS:
      return answer(targets(parseDockerfile(file.text), file));
    case DESCRIBE:
      return answer({ json: DESCRIPTION, text: "" });
    default:
      throw notImplemented(`unsupported request ${options.subrequest}`);
  }
}

function answer({ json, text }: Shown, more: Readonly<Record<string, string>> = {}): Map<string, string> {
  const told = { "result.json": `${JSON.stringify(json, null, 2)}`, "result.txt": text, version: "1.0.0", ...more };
  return new Map(Object.entries(told));
}

/** Field by field what BuildKit's frontend says of itself. */
const describe = (name: string, description: string, opts: unknown) => ({
  name,
  version: "1.0.0",
  type: "rpc",
  description,
  opts,
  inputs: null,
  metadata: [
    { name: "result.json", description: "" },
    { name: "result.txt", description: "" },
  ],
  refs: null,
});

const DESCRIPTION = [
  describe(OUTLINE, "List all parameters current build target supports", [
    { name: "target", description: "Target build stage" },
  ]),
  describe(TARGETS, "List all targets current build supports", []),
  describe(DESCRIBE, "List available subrequest types", null),
];

/** A file that cannot be built is a result of the check as well: its error is told beside what was found until then. */
async function lint(facts: SubrequestFacts): Promise<Map<string, string>> {
  const { file, linter } = facts;
  const failure = await failureOf(facts);
  const { findings } = linter;
  const warnings = findings.map(({ rule, detail, lines }) => ({
    ruleName: rule.name,
    description: rule.description,
    url: rule.url,
    detail,
    location: location(lines),
  }));
  const text = findings.map(({ rule, detail, lines }) => {
    return `\nWARNING: ${rule.name} - ${rule.url}\n${detail}\n${excerptOf({ ...file, ranges: [lines] })}`;
  });
  const json = {
    warnings: warnings.length === 0 ? null : warnings,
    sources: [{ filename: file.fileName, data: encoded(file), language: "Dockerfile" }],
    ...(failure === undefined ? {} : { buildError: buildError(failure) }),
  };
  const isGood = warnings.length === 0 && failure === undefined;
  return answer({ json, text: text.join("") }, { "result.statuscode": isGood ? "0" : "1" });
}

async function failureOf({ file, ...facts }: SubrequestFacts): Promise<BuildFailure | undefined> {
  try {
    await facts.examine();
    return undefined;
  } catch (error) {
    const failure = failureIn(file, error);
    if (failure instanceof BuildFailure) return failure;
    throw error;
  }
}

const buildError = ({ message, place }: BuildFailure) => ({
  message,
  location: place === undefined ? {} : location(place.lines),
});

const encoded = ({ text }: FileText): string => Buffer.from(text).toString("base64");

function targets({ stages }: Dockerfile, file: FileText): Shown {
  const last = stages.length - 1;
  const list = stages.map(({ from }, index) => ({
    ...(from.stage === "" ? {} : { name: from.stage }),
    ...(index === last ? { default: true } : {}),
    ...(from.description === "" ? {} : { description: from.description }),
    base: from.base,
    ...(from.platform === "" ? {} : { platform: from.platform }),
    location: location(from.lines),
  }));
  const rows = stages.map(({ from }, index) => [
    index === last ? `${from.stage} (default)`.trim() : from.stage,
    from.description,
  ]);
  return {
    json: { targets: list, sources: [encoded(file)] },
    text: table([["TARGET", "DESCRIPTION"], ...rows]),
  };
}
