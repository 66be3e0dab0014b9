/** tare builder history: builds that ended and that go on, what they told, and forgetting them (docker buildx history ls, inspect, logs, rm). */
import type { Client } from "../../client/client.ts";
import { buildText, toBuildFacts } from "../build/build-facts.ts";
import { type Context, defineCommand, type Input } from "../command.ts";
import { CommandError } from "../errors.ts";
import { switchFlag, textFlag } from "../flag-kinds.ts";
import { any } from "../format/shape.ts";
import { tableFormatFlag } from "../format-flag.ts";
import { printRows } from "../row-output.ts";
import { type BuildRecord, buildRows } from "../rows/builds.ts";

const FLAGS = {
  all: switchFlag("rm: remove all build records"),
  format: tableFormatFlag(),
  "no-trunc": switchFlag("ls: don't truncate output"),
  progress: textFlag("logs: set type of progress output (plain, rawjson, tty)", { initial: "plain" }),
  quiet: switchFlag("ls: only display build IDs", { short: "q" }),
};

export const command = defineCommand({
  usage: "[OPTIONS] ls | inspect [REF] | logs [REF] | rm [REF...]",
  flags: FLAGS,
  args: [0, Number.POSITIVE_INFINITY],
  async run(context, { flags, args: [action = "ls", ...refs] }) {
    switch (action) {
      case "ls":
      case "list":
        return list(context, flags);
      case "inspect":
        return inspect(context, refs, flags.format);
      case "logs":
        return logs(context, refs, flags.progress);
      case "rm":
      case "remove":
        return remove(context, refs, flags.all);
      default:
        throw new CommandError(`ERROR: unknown command ${JSON.stringify(action)}: ls, inspect, logs and rm are`);
    }
  },
});

async function list(context: Context, flags: Input<typeof FLAGS>["flags"]): Promise<number> {
  const { listBuilds } = await import("../build/cache-control.ts");
  const builds = await listBuilds(await context.client());
  const kind = buildRows({ truncate: !flags["no-trunc"], nowMs: Date.now() });
  await printRows(context, kind, builds, { format: flags.format, quiet: flags.quiet });
  return 0;
}

async function inspect(context: Context, refs: readonly string[], format: string): Promise<number> {
  const facts = toBuildFacts(await find(await context.client(), refs), Date.now());
  if (format === "") {
    await context.io.stdout.write(buildText(facts));
    return 0;
  }
  const { printObject, writeObject } = await import("../format-object.ts");
  const refusal = (message: string): CommandError => new CommandError(`ERROR: template parsing error: ${message}`);
  return writeObject(context.io, printObject(format, any, facts, { name: "", refusal }));
}

async function logs(context: Context, refs: readonly string[], mode: string): Promise<number> {
  if (mode !== "plain" && mode !== "rawjson" && mode !== "tty")
    throw new CommandError(`ERROR: invalid progress mode ${mode}`);
  const { progressOf } = await import("../build/cache-control.ts");
  const [{ BuildModel }, { showBuild }] = await Promise.all([
    import("../build/display/model.ts"),
    import("../build/display/show.ts"),
  ]);
  const client = await context.client();
  const { ref } = await find(client, refs);
  await showBuild({ io: context.io, env: context.env, mode }, new BuildModel(), progressOf(client, ref));
  return 0;
}

/** The last build when none is named. Throws CommandError for one that nobody knows. */
async function find(client: Client, [wanted = ""]: readonly string[]): Promise<BuildRecord> {
  const { listBuilds } = await import("../build/cache-control.ts");
  const found = (await listBuilds(client)).find(({ ref }) => wanted === "" || ref === nameOf(wanted));
  if (found === undefined) throw new CommandError(`ERROR: no record found for ref ${JSON.stringify(wanted)}`);
  return found;
}

async function remove(context: Context, refs: readonly string[], all: boolean): Promise<number> {
  if (refs.length === 0 && !all) throw new CommandError("ERROR: rm requires at least one argument");
  if (refs.length > 0 && all) throw new CommandError("ERROR: rm requires either --all or at least one argument");
  const { listBuilds, removeBuild } = await import("../build/cache-control.ts");
  const client = await context.client();
  const wanted = all
    ? (await listBuilds(client)).filter(({ completedAt }) => completedAt !== undefined).map(({ ref }) => ref)
    : refs.map(nameOf);
  for (const ref of wanted) await removeBuild(client, ref);
  return 0;
}

/** buildx puts the names of builder and node before it. */
const nameOf = (ref: string): string => ref.slice(ref.lastIndexOf("/") + 1);
