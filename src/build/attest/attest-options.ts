/** What a client wants to be stated of its images: `attest:provenance` and `attest:sbom`, as lists of attributes. Pure. */
import { invalidParameter } from "../../base/errors.ts";
import { Attributes } from "../export/attributes.ts";

export interface ProvenanceOptions {
  readonly mode: "min" | "max";
  readonly version: "v0.2" | "v1";
  readonly builderId: string;
  readonly reproducible: boolean;
  /** Images have it, files have not. */
  readonly inlineOnly: boolean;
  /** What it is called beside files. */
  readonly fileName: string;
}

export interface SbomOptions {
  /** The image that looks through the files. */
  readonly generator: string;
  readonly inlineOnly: boolean;
}

export interface AttestOptions {
  readonly provenance: ProvenanceOptions | undefined;
  readonly sbom: SbomOptions | undefined;
}

/** BuildKit's. */
const DEFAULT_GENERATOR = "docker/buildkit-syft-scanner:stable-1";

/** Throws invalidParameter for what nobody carries out. */
export function readAttestOptions(wanted: ReadonlyMap<string, string>): AttestOptions {
  const unknown = [...wanted.keys()].find((type) => type !== "provenance" && type !== "sbom");
  if (unknown !== undefined) throw invalidParameter(`unknown attestation type ${JSON.stringify(unknown)}`);
  const provenance = attributesOf("provenance", wanted);
  const sbom = attributesOf("sbom", wanted);
  return {
    provenance: provenance === undefined ? undefined : readProvenance(provenance),
    sbom: sbom === undefined ? undefined : readSbom(sbom),
  };
}

/** Undefined for what is not wanted. */
function attributesOf(type: string, wanted: ReadonlyMap<string, string>): Attributes | undefined {
  const text = wanted.get(type);
  if (text === undefined || text === "false") return undefined;
  const fields = text.split(",").filter((field) => field !== "" && field !== "true");
  const pairs = fields.map((field): [string, string] => {
    const at = field.indexOf("=");
    return at === -1 ? [field, ""] : [field.slice(0, at), field.slice(at + 1)];
  });
  const attributes = new Attributes({ type: `${type} attestation`, attributes: new Map(pairs) });
  // Clients repeat it.
  attributes.text("type");
  return attributes.flag("disabled") ? undefined : attributes;
}

function readProvenance(attributes: Attributes): ProvenanceOptions {
  const options = {
    mode: oneOf(["min", "max"] as const, attributes.text("mode") ?? "max", "mode"),
    version: oneOf(["v0.2", "v1"] as const, attributes.text("version") ?? "v0.2", "version"),
    builderId: attributes.text("builder-id") ?? "",
    reproducible: attributes.flag("reproducible"),
    inlineOnly: attributes.flag("inline-only"),
    fileName: attributes.text("filename") ?? "provenance.json",
  };
  attributes.end();
  return options;
}

function readSbom(attributes: Attributes): SbomOptions {
  const options = {
    generator: attributes.text("generator") ?? DEFAULT_GENERATOR,
    inlineOnly: attributes.flag("inline-only"),
  };
  attributes.end();
  return options;
}

function oneOf<T extends string>(known: readonly T[], text: string, name: string): T {
  const found = known.find((word) => word === text);
  if (found === undefined) throw invalidParameter(`invalid ${name} ${JSON.stringify(text)} for provenance attestation`);
  return found;
}
