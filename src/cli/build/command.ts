/** A command line of `build`, carried out. */
import type { Context } from "../command.ts";
import { absolutePath } from "../container/paths.ts";
import { splitName } from "../registry/name.ts";
import { openAgents } from "./agents.ts";
import { tellAnswer } from "./answer.ts";
import { callOf, frontendAttrs } from "./attributes.ts";
import { type BuildAnswers, type BuildJob, runBuild } from "./build.ts";
import { type Caches, openCaches } from "./caches.ts";
import { type BuildContext, openContext } from "./context.ts";
import type { ProgressMode } from "./display/show.ts";
import { buildProblem } from "./fields.ts";
import type { BuildFlags } from "./flags.ts";
import { createName } from "./names.ts";
import { type Outputs, planOutputs } from "./outputs.ts";
import { imageIdOf, type WrittenLayout, writeImageId, writeLayouts, writeMetadata } from "./results.ts";
import { openSecrets } from "./secrets.ts";
import { sessionEndpoints } from "./session/endpoints.ts";

export interface BuildCommand {
  readonly flags: BuildFlags;
  /** A directory, an address, or "-". */
  readonly path: string;
  readonly mode: ProgressMode;
}

/** The exit code. */
export async function buildFrom(context: Context, { flags, path, mode }: BuildCommand): Promise<number> {
  const { env, io } = context;
  const call = callOf(flags);
  const outputs = call.name === "" ? outputsOf(context, flags) : NO_OUTPUTS;
  const attrs = frontendAttrs(flags, env.variables);
  const secrets = openSecrets(env, flags.secret);
  const agents = openAgents(env, flags.ssh);
  const source = await openContext({ context: path, file: flags.file, named: flags["build-context"] }, { env, io });
  const caches = await openCaches({ from: flags["cache-from"], to: flags["cache-to"], cwd: env.cwd });
  const layouts = layoutsOf(env.cwd, outputs, caches);
  const { destinations } = outputs;
  const exported = layouts.filter(({ answer }) => answer === "containerimage.descriptor");
  const stores = new Map([
    ...source.stores,
    ...caches.stores,
    ...exported.map(({ directory }) => ["export", directory] as const),
  ]);
  const job: BuildJob = {
    ref: createName(),
    request: requestOf(flags, { outputs, caches }, new Map([...source.attrs, ...attrs])),
    endpoints: sessionEndpoints(context, { context: source, secrets, agents, destinations, stores }),
    sharedKey: source.sharedKey,
    mode,
    debug: flags.debug,
  };
  const answers = await runBuild(context, await context.client(), job);
  await writeLayouts(answers, layouts);
  return call.name === "" ? finish(context, flags, { ref: job.ref, answers }) : tellAnswer(context, call, answers);
}

const NO_OUTPUTS: Outputs = { exporters: [], destinations: new Map() };

function outputsOf({ io }: Context, { output, tag, annotation, push, load }: BuildFlags): Outputs {
  const outputs = planOutputs({ outputs: output, tags: tag, annotations: annotation, push, load });
  const isToConsole = [...outputs.destinations.values()].some(({ kind }) => kind === "stdout") && io.isTerminal(1);
  if (isToConsole) throw buildProblem("dest file is required for tar exporter. refusing to write to console");
  return outputs;
}

const ENTITLEMENTS = ["network.host", "security.insecure", "device"];

/** The layouts that this build writes to. */
function layoutsOf(cwd: string, { destinations, exporters }: Outputs, { written }: Caches): WrittenLayout[] {
  const exported = [...destinations].flatMap(([index, destination]): WrittenLayout[] => {
    if (destination.kind !== "layout") return [];
    const [name = ""] = (exporters[index]?.attrs.get("name") ?? "").split(",");
    return [
      {
        directory: absolutePath(cwd, destination.path),
        name: splitName(name).tag || "latest",
        answer: "containerimage.descriptor",
      },
    ];
  });
  return written === undefined
    ? exported
    : [...exported, { directory: written.directory, name: written.tag, answer: "cache.manifest" }];
}

interface Planned {
  readonly outputs: Outputs;
  readonly caches: Caches;
}

function requestOf(flags: BuildFlags, { outputs, caches }: Planned, attrs: BuildContext["attrs"]): BuildJob["request"] {
  const strange = flags.allow.find((name) => !ENTITLEMENTS.includes(name.split("=", 1)[0] ?? ""));
  if (strange !== undefined) throw buildProblem(`unknown entitlement ${strange}`);
  return {
    frontendAttrs: new Map([...attrs, ...importAttrs(caches)]),
    exporters: outputs.exporters,
    entitlements: flags.allow,
    cache: { exports: caches.exports },
  };
}

function importAttrs({ imports }: Caches): [string, string][] {
  const words = imports.map(({ type, attrs }) => ({ Type: type, Attrs: Object.fromEntries(attrs) }));
  return words.length === 0 ? [] : [["cache-imports", JSON.stringify(words)]];
}

async function finish(
  { env, io }: Context,
  flags: BuildFlags,
  told: { ref: string; answers: BuildAnswers },
): Promise<number> {
  if (flags.iidfile !== "") await writeImageId(env.cwd, flags.iidfile, told.answers);
  if (flags["metadata-file"] !== "") await writeMetadata(env.cwd, flags["metadata-file"], told);
  const id = imageIdOf(told.answers);
  if (flags.quiet && id !== "") await io.stdout.write(`${id}\n`);
  return 0;
}
