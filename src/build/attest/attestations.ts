/** What is stated of the images that a build exports: where they come from, and what is in them. */
import type { Reference } from "../../image/reference.ts";
import { type Platform, platformText } from "../../wire/platform.ts";
import type { Attestations } from "../export/export-request.ts";
import type { SolvedResult } from "../export/solved-result.ts";
import type { ImageSource } from "../export/write-image.ts";
import type { Finishing } from "../finishing.ts";
import type { ExecMount, Vertex } from "../operation.ts";
import type { AttestOptions, ProvenanceOptions } from "./attest-options.ts";
import { PREDICATE_TYPES, type ProvenanceFacts, toPredicate } from "./provenance.ts";
import { type SbomDeps, scan } from "./sbom.ts";
import { type Predicate, toStatement } from "./statement.ts";

/** Everything that takes a step is done when this resolves; documents are made as their images are. */
export async function createAttestations(
  deps: SbomDeps,
  finishing: Finishing,
  { options, solved }: { readonly options: AttestOptions; readonly solved: readonly SolvedResult[] },
): Promise<Attestations> {
  const { provenance, sbom } = options;
  const predicates = new Map<string, Predicate[]>();
  for (const { planned } of solved) {
    const { platform, vertex: target } = planned;
    const { build, run } = finishing;
    const scans =
      sbom === undefined ? [] : await scan(deps, { build, run, generator: sbom.generator, target, platform });
    const origin =
      provenance === undefined
        ? []
        : [provenanceOf(finishing, target, { options: provenance, platform: deps.platform })];
    predicates.set(platformText(platform), [...scans, ...origin]);
  }
  return {
    isAsked: provenance !== undefined || sbom !== undefined,
    isDemanded: (provenance !== undefined && !provenance.inlineOnly) || (sbom !== undefined && !sbom.inlineOnly),
    statementsFor:
      (names: readonly Reference[]) =>
      async ({ platform }: ImageSource, manifest) => {
        const own = predicates.get(platformText(platform)) ?? [];
        return own.map((predicate) => toStatement(predicate, { names, platform, manifest }));
      },
  };
}

/** For the history: with everything, in the version that clients read. */
export function recordedProvenance(finishing: Finishing, vertex: Vertex, platform: Platform): Predicate {
  const options: ProvenanceOptions = {
    mode: "max",
    version: "v0.2",
    builderId: "",
    reproducible: false,
    inlineOnly: true,
    fileName: "",
  };
  return provenanceOf(finishing, vertex, { options, platform });
}

function provenanceOf(
  { build, run, outputs }: Finishing,
  vertex: Vertex,
  { options, platform }: { readonly options: ProvenanceOptions; readonly platform: Platform },
): Predicate {
  const own = verticesOf(vertex);
  const { locals, materials } = sourcesOf(run, own);
  const mounts = own.flatMap(({ operation }) => (operation.kind === "exec" ? operation.mounts : []));
  const facts: ProvenanceFacts = {
    ref: build.ref,
    request: outputs.request,
    locals,
    materials,
    secrets: asked(mounts, "secret"),
    agents: asked(mounts, "ssh"),
    platform,
    vertex,
    startedAt: run.startedAt,
    finishedAt: Date.now(),
  };
  return { type: PREDICATE_TYPES[options.version], body: toPredicate(facts, options) };
}

function verticesOf(top: Vertex): Vertex[] {
  const found = new Map<string, Vertex>();
  const visit = (vertex: Vertex): void => {
    if (found.has(vertex.digest)) return;
    found.set(vertex.digest, vertex);
    for (const input of vertex.inputs) visit(input);
  };
  visit(top);
  return [...found.values()];
}

type Sources = Pick<ProvenanceFacts, "locals" | "materials">;

/** What the graph itself reads, and what was read to make the graph. */
function sourcesOf(run: Finishing["run"], own: readonly Vertex[]): Sources {
  const inGraph = new Set(own.map(({ digest }) => digest));
  const counted = run.loaded.filter(({ vertex }) => vertex.operation.kind !== "image" || inGraph.has(vertex.digest));
  const names = counted.flatMap(({ vertex: { operation } }) => (operation.kind === "local" ? [operation.name] : []));
  const materials = counted.flatMap(({ material }) => material ?? []);
  const unique = new Map(materials.map((material) => [JSON.stringify(material), material]));
  return { locals: [...new Set(names)].toSorted(), materials: [...unique.values()] };
}

function asked(mounts: readonly ExecMount[], type: "secret" | "ssh"): { id: string; optional: boolean }[] {
  const found = mounts.flatMap((mount) =>
    mount.type === type && "required" in mount ? [{ id: mount.id, optional: !mount.required }] : [],
  );
  return [...new Map(found.map((each) => [each.id, each])).values()];
}
