/** The arguments, secrets and agents that a target takes, as `--call=outline` shows them. Pure. */
import type { Dockerfile, Stage } from "../../dockerfile/parse.ts";
import { mountFrom } from "../../dockerfile/run-mount.ts";
import type { FrontendOptions } from "../builder.ts";
import { location, type Shown, table } from "./shown.ts";

/** Of the target and the stages below it. */
export function outline(options: FrontendOptions, { stages, globalArgs }: Dockerfile, text: string): Shown {
  const target =
    stages.findLast(({ from }) => options.target === "" || from.stage === options.target.toLowerCase()) ??
    stages.at(-1);
  const needed = target === undefined ? [] : withParents(stages, target);
  const globals = new Map(globalArgs.flatMap(({ args, lines }) => args.map((arg) => [arg.key, { ...arg, lines }])));
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
    .findLast(({ from }) => from.stage !== "" && from.stage === stage.from.base);
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
