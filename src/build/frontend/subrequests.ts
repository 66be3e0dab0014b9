/** What can be asked of a Dockerfile without building it: `--call=check`, `outline` and `targets`. Pure. */
import { notImplemented } from "../../base/errors.ts";
import { excerptOf } from "../../dockerfile/excerpt.ts";
import type { Dockerfile, Stage } from "../../dockerfile/parse.ts";
import type { Lines } from "../../dockerfile/place.ts";
import { mountFrom } from "../../dockerfile/run-mount.ts";
import type { FrontendOptions } from "../builder.ts";
import type { Linter } from "./lint.ts";

export interface SubrequestFacts {
  readonly dockerfile: Dockerfile;
  readonly linter: Linter;
  readonly fileName: string;
  readonly text: string;
}

/** "result.json", "result.txt" and "version"; a check that failed has "result.statuscode". */
export function answerSubrequest(options: FrontendOptions, facts: SubrequestFacts): Map<string, string> {
  switch (options.subrequest) {
    case "frontend.lint":
      return answer(lint(facts), facts.linter.failure === undefined ? {} : { "result.statuscode": "1" });
    case "frontend.outline":
      return answer(outline(options, facts));
    case "frontend.targets":
      return answer(targets(facts));
    case "frontend.subrequests.describe":
      return answer({ json: DESCRIPTION, text: "" });
    default:
      throw notImplemented(`unsupported request ${options.subrequest}`);
  }
}

interface Shown {
  readonly json: unknown;
  readonly text: string;
}

function answer({ json, text }: Shown, more: Readonly<Record<string, string>> = {}): Map<string, string> {
  const told = { "result.json": `${JSON.stringify(json, null, 2)}`, "result.txt": text, version: "1.0.0", ...more };
  return new Map(Object.entries(told));
}

const DESCRIPTION = ["frontend.lint", "frontend.outline", "frontend.targets"].map((name) => ({
  name,
  version: "1.0.0",
  type: "rpc",
}));

const location = ({ first, last }: Lines) => ({ ranges: [{ start: { line: first }, end: { line: last } }] });

/** Of a check clients want the file with its name, of the others only its text. */
const sourcesOf = ({ fileName, text }: SubrequestFacts) => [
  { filename: fileName, data: Buffer.from(text).toString("base64"), language: "Dockerfile" },
];

function lint(facts: SubrequestFacts): Shown {
  const { findings } = facts.linter;
  const warnings = findings.map(({ rule, detail, lines }) => ({
    ruleName: rule.name,
    description: rule.description,
    url: rule.url,
    detail,
    location: location(lines),
  }));
  const text = findings.map(({ rule, detail, lines }) => {
    return `\nWARNING: ${rule.name} - ${rule.url}\n${detail}\n${excerptOf({ fileName: facts.fileName, text: facts.text, ranges: [lines] })}`;
  });
  return { json: { warnings, sources: sourcesOf(facts) }, text: text.join("") };
}

function targets({ dockerfile, text }: SubrequestFacts): Shown {
  const last = dockerfile.stages.length - 1;
  const list = dockerfile.stages.map(({ from }, index) => ({
    ...(from.stage === "" ? {} : { name: from.stage }),
    ...(index === last ? { default: true } : {}),
    ...(from.description === "" ? {} : { description: from.description }),
    base: from.base,
    ...(from.platform === "" ? {} : { platform: from.platform }),
    location: location(from.lines),
  }));
  const rows = dockerfile.stages.map(({ from }, index) => [
    index === last ? `${from.stage} (default)`.trim() : from.stage,
    from.description,
  ]);
  return {
    json: { targets: list, sources: [Buffer.from(text).toString("base64")] },
    text: table([["TARGET", "DESCRIPTION"], ...rows]),
  };
}

/** Columns as wide as their widest cell, three spaces apart. */
function table(rows: readonly (readonly string[])[]): string {
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => (row[column] ?? "").length))) ?? [];
  return rows
    .map(
      (row) =>
        `${row
          .map((cell, column) => cell.padEnd((widths[column] ?? 0) + 3))
          .join("")
          .trimEnd()}\n`,
    )
    .join("");
}

/** The arguments, secrets and agents that the target and the stages below it take. */
function outline(options: FrontendOptions, { dockerfile, text }: SubrequestFacts): Shown {
  const { stages } = dockerfile;
  const target =
    stages.findLast(({ from }) => options.target === "" || from.stage.toLowerCase() === options.target.toLowerCase()) ??
    stages.at(-1);
  const needed = target === undefined ? [] : withParents(stages, target);
  const globals = new Map(
    dockerfile.globalArgs.flatMap(({ args, lines }) => args.map((arg) => [arg.key, { ...arg, lines }])),
  );
  const args = needed.flatMap(({ instructions }) =>
    instructions.flatMap((each) =>
      each.name === "ARG" ? each.args.map((arg) => ({ ...arg, lines: each.lines })) : [],
    ),
  );
  const shown = args.map(({ key, value, description, lines }) => {
    const inherited = value === undefined ? globals.get(key) : undefined;
    const chosen = options.buildArgs.get(key) ?? value ?? inherited?.value;
    const about = description || (inherited?.description ?? "");
    return { name: key, description: about, value: chosen, lines: inherited?.lines ?? lines };
  });
  const { from } = target ?? {};
  const json = {
    ...(from === undefined || from.stage === "" ? {} : { name: from.stage }),
    ...(from === undefined || from.description === "" ? {} : { description: from.description }),
    args: shown.map(({ name, description, value, lines }) => ({
      name,
      ...(description === "" ? {} : { description }),
      ...(value === undefined ? {} : { value }),
      location: location(lines),
    })),
    ...mountsOf(needed),
    sources: [Buffer.from(text).toString("base64")],
  };
  const rows = shown.map(({ name, value, description }) => [name, value ?? "", description]);
  const head = from === undefined || from.stage === "" ? "" : `TARGET: ${from.stage}\n\n`;
  return { json, text: head + (rows.length === 0 ? "" : table([["BUILD ARG", "VALUE", "DESCRIPTION"], ...rows])) };
}

function withParents(stages: readonly Stage[], stage: Stage): Stage[] {
  const parent = stages
    .slice(0, stages.indexOf(stage))
    .findLast(({ from }) => from.stage !== "" && from.stage.toLowerCase() === stage.from.base.toLowerCase());
  return parent === undefined ? [stage] : [...withParents(stages, parent), stage];
}

function mountsOf(stages: readonly Stage[]) {
  const found: Record<
    "secrets" | "ssh",
    { name: string; required?: boolean; location: ReturnType<typeof location> }[]
  > = {
    secrets: [],
    ssh: [],
  };
  for (const each of stages.flatMap(({ instructions }) => instructions)) {
    if (each.name !== "RUN") continue;
    for (const text of each.mounts) {
      const [, type = ""] = /(?:^|,)type=(secret|ssh)(?:,|$)/.exec(text) ?? [];
      if (type === "" || mountFrom(text) !== "") continue;
      const [, id = type === "ssh" ? "default" : ""] = /(?:^|,)id=([^,]*)/.exec(text) ?? [];
      const required = /(?:^|,)required(?:=true|=1)?(?:,|$)/.test(text) ? { required: true } : {};
      found[type === "ssh" ? "ssh" : "secrets"].push({ name: id, ...required, location: location(each.lines) });
    }
  }
  return {
    ...(found.secrets.length === 0 ? {} : { secrets: found.secrets }),
    ...(found.ssh.length === 0 ? {} : { ssh: found.ssh }),
  };
}
