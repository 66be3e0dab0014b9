/** `attest:sbom`: an image that the client names looks through the result's files, as BuildKit's scanners do, and tells what it found. */
import { readdirSync } from "node:fs";
import { hasCode, messageOf } from "../../base/errors.ts";
import { openView, viewPath } from "../../files/view-request.ts";
import { type Platform, platformText } from "../../wire/platform.ts";
import type { Build } from "../builder.ts";
import { BuildFailure } from "../failure.ts";
import type { ImageResolver, ResolvedImage } from "../frontend/bases.ts";
import { createVertex } from "../frontend/vertex.ts";
import { NO_LIMITS, type Vertex } from "../operation.ts";
import type { BuildRun } from "../solver/solver.ts";
import type { BuildThreads } from "../threads/threads.ts";
import type { Tree } from "../tree.ts";
import type { LayerTrees } from "../trees/layer-trees.ts";
import { type Predicate, parseScan } from "./statement.ts";

export interface SbomDeps {
  readonly images: Pick<ImageResolver, "resolveImage" | "canonical">;
  /** This machine's, on which scanners run. */
  readonly platform: Platform;
  readonly trees: LayerTrees;
  readonly threads: BuildThreads;
}

export interface Scan {
  readonly build: Build;
  readonly run: BuildRun;
  readonly generator: string;
  readonly target: Vertex;
  /** Of the target. */
  readonly platform: Platform;
}

const SOURCE = "/run/src/core/sbom";
const EXTRAS = "/run/src/extras";
const OUTPUT = "/run/out";
const MAX_SCAN_BYTES = 256 * 1024 * 1024;

/** Throws BuildFailure when the scanner cannot be had, fails, or says nothing. */
export async function scan(deps: SbomDeps, wanted: Scan): Promise<Predicate[]> {
  const { build, run, generator } = wanted;
  const image = await resolve(deps, build, generator);
  const { tree } = await run.solve(scanVertex(deps, image, wanted));
  const predicates = await readScans(deps, tree);
  if (predicates.length > 0) return predicates;
  throw new BuildFailure(`sbom generator ${generator} has written no statement`, { kind: "invalidParameter" });
}

async function resolve({ images, platform }: SbomDeps, build: Build, generator: string): Promise<ResolvedImage> {
  try {
    return await images.resolveImage(build, { reference: generator, platform, mode: "default" });
  } catch (error) {
    const why = `the sbom generator ${generator} cannot be had: ${messageOf(error)}`;
    throw new BuildFailure(why, { kind: "notFound", cause: error });
  }
}

function scanVertex({ images }: SbomDeps, image: ResolvedImage, { generator, target, platform }: Scan): Vertex {
  const { reference, config } = image;
  const name = `[${platformText(platform)}] generating sbom using ${images.canonical(generator)}`;
  const source = { kind: "image", reference, platform: image.platform, resolve: "default" } as const;
  const scanner = createVertex({ operation: source, inputs: [], name: `FROM ${reference}` });
  const directories = [SOURCE, EXTRAS, OUTPUT].map((path) => ({ do: "mkdir", path, owner: "" }) as const);
  const prepared = createVertex({
    operation: { kind: "file", base: 0, actions: directories },
    inputs: [scanner],
    name: `${name} (preparing)`,
  });
  const args = [...(config.Entrypoint ?? []), ...(config.Cmd ?? [])];
  const variables = [
    `BUILDKIT_SCAN_SOURCE=${SOURCE}`,
    `BUILDKIT_SCAN_SOURCE_EXTRAS=${EXTRAS}`,
    `BUILDKIT_SCAN_DESTINATION=${OUTPUT}`,
  ];
  const operation = {
    kind: "exec",
    args,
    env: [...(config.Env ?? []), ...variables],
    envOutsideKey: [],
    workingDir: config.WorkingDir || "/",
    user: config.User,
    mounts: [{ type: "bind", input: 1, source: "/", target: SOURCE, readOnly: true }],
    network: "default",
    security: "sandbox",
    hostname: "",
    extraHosts: [],
    limits: NO_LIMITS,
    shown: args.join(" "),
  } as const;
  return createVertex({ operation, inputs: [prepared, target], name });
}

/** Links of the scanner's lead no further than its own files. */
async function readScans({ trees, threads }: SbomDeps, tree: Tree): Promise<Predicate[]> {
  using mounted = trees.mount(tree);
  const names = listOutput(mounted.root.procPath).filter((name) => name.endsWith(".json"));
  const predicates: Predicate[] = [];
  for (const name of names.toSorted()) {
    const bytes = await threads.read(mounted.root.procPath, `${OUTPUT}/${name}`, MAX_SCAN_BYTES);
    if (bytes !== undefined) predicates.push(parseScan(bytes, name));
  }
  return predicates;
}

function listOutput(root: string): string[] {
  using open = openView({ root, readOnly: true });
  try {
    using place = open.view.locate(viewPath(OUTPUT), { follow: false });
    return readdirSync(`/proc/self/fd/${place.fd}`);
  } catch (error) {
    if (hasCode(error, "ENOTDIR") || hasCode(error, "ENOENT")) return [];
    throw error;
  }
}
