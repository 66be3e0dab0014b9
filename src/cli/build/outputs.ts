/** `--output` and its shorthands: what the engine shall do with the result, and where the client puts what it is sent. Pure. */
import { splitName } from "../registry/name.ts";
import { buildProblem, fieldsOf, parseFields } from "./fields.ts";

export interface ExporterWish {
  readonly type: string;
  readonly attrs: ReadonlyMap<string, string>;
}

/** Where what the engine sends for an exporter goes: a directory, one file, standard output; the blobs of an OCI layout. */
export type Destination =
  | { readonly kind: "layout"; readonly path: string }
  | { readonly kind: "directory"; readonly path: string }
  | { readonly kind: "file"; readonly path: string }
  | { readonly kind: "stdout" };

export interface Outputs {
  readonly exporters: readonly ExporterWish[];
  /** By the exporter's index. */
  readonly destinations: ReadonlyMap<number, Destination>;
}

export interface OutputWish {
  readonly outputs: readonly string[];
  readonly tags: readonly string[];
  readonly annotations: readonly string[];
  readonly push: boolean;
  readonly load: boolean;
}

const IMAGE = "moby";

/** Without any output the image goes into the engine's store. Throws CommandError in buildx's words. */
export function planOutputs({ outputs, tags, annotations, push, load }: OutputWish): Outputs {
  for (const tag of tags) checkTag(tag);
  const wishes = outputs.map(parseOutput);
  if (push && !wishes.some(({ type }) => type === "registry")) wishes.push({ type: "registry", attrs: new Map() });
  if (load && !wishes.some(({ type, attrs }) => type === "docker" && !attrs.has("dest"))) {
    wishes.push({ type: "docker", attrs: new Map() });
  }
  if (wishes.length === 0) wishes.push({ type: IMAGE, attrs: new Map() });
  const planned = merged(wishes.map((wish) => toExporter(wish, tags, annotations)));
  return {
    exporters: planned.map(({ type, attrs }) => ({ type, attrs })),
    destinations: new Map(
      planned.flatMap(({ destination }, at) => (destination === undefined ? [] : [[at, destination] as const])),
    ),
  };
}

function checkTag(tag: string): void {
  const { domain, path, tag: name, digest } = splitName(tag);
  const problem = `invalid tag ${JSON.stringify(tag)}`;
  if (digest !== "") throw buildProblem(`${problem}: refusing to create a tag with a digest reference`);
  if (path !== path.toLowerCase()) throw buildProblem(`${problem}: repository name must be lowercase`);
  const isPath = /^[a-z0-9]+(?:(?:\.|_|__|-+|\/)[a-z0-9]+)*$/.test(path);
  if (!isPath || domain === "" || !/^(?:[\w][\w.-]{0,127})?$/.test(name)) {
    throw buildProblem(`${problem}: invalid reference format`);
  }
}

/** "type=local,dest=out", "out", or "-" for a tar on standard output. */
function parseOutput(text: string): ExporterWish {
  const fields = fieldsOf(text);
  const [only = ""] = fields;
  if (fields.length === 1 && !only.includes("=")) {
    return only === "-"
      ? { type: "tar", attrs: new Map([["dest", "-"]]) }
      : { type: "local", attrs: new Map([["dest", only]]) };
  }
  const { type = "", ...attrs } = Object.fromEntries(parseFields(text));
  if (type === "") throw buildProblem("type is required for output");
  return { type, attrs: new Map(Object.entries(attrs)) };
}

interface PlannedExporter extends ExporterWish {
  readonly destination: Destination | undefined;
}

function toExporter(
  { type, attrs: wished }: ExporterWish,
  tags: readonly string[],
  annotations: readonly string[],
): PlannedExporter {
  const { dest, ...others } = Object.fromEntries(wished);
  const attrs = new Map(Object.entries(others));
  if (type === "local") {
    if (!dest) throw buildProblem("dest is required for local exporter");
    return { type, attrs, destination: { kind: "directory", path: dest } };
  }
  if (tags.length > 0 && !attrs.has("name") && type !== "tar") attrs.set("name", tags.join(","));
  if (type !== "tar") for (const annotation of annotations) attrs.set(...annotationOf(annotation));
  if (type === "registry") attrs.set("push", "true");
  if (["true", "1"].includes(attrs.get("push") ?? "") && !attrs.get("name")) {
    throw buildProblem("tag is needed when pushing to registry");
  }
  if (["image", "registry", IMAGE].includes(type) || (type === "docker" && dest === undefined)) {
    return { type: IMAGE, attrs, destination: undefined };
  }
  if (["false", "0"].includes(attrs.get("tar") ?? "")) {
    if (dest === undefined || dest === "" || dest === "-") throw buildProblem(`dest is required for ${type} exporter`);
    return { type, attrs, destination: { kind: "layout", path: dest } };
  }
  return { type, attrs, destination: fileDestination(dest) };
}

/** Without a destination it goes to standard output. */
const fileDestination = (dest: string | undefined): Destination =>
  dest === undefined || dest === "" || dest === "-" ? { kind: "stdout" } : { kind: "file", path: dest };

/** "[TYPE[PLATFORM]:]KEY=VALUE", as the exporter wants it. */
function annotationOf(text: string): [string, string] {
  const [, level = "", key = "", value] =
    /^(?:((?:manifest|index|manifest-descriptor|index-descriptor)(?:\[[^\]]*\])?):)?([^=]*)(?:=([\s\S]*))?$/.exec(
      text,
    ) ?? [];
  if (key === "" || value === undefined)
    throw buildProblem(`invalid annotation ${JSON.stringify(text)}, expected key=value`);
  const place = level === "" || level === "manifest" ? "annotation" : `annotation-${level}`;
  return [`${place}.${key}`, value];
}

/** `--load --push` is one image in the store that is pushed from there. */
function merged(planned: readonly PlannedExporter[]): PlannedExporter[] {
  const images = planned.filter(({ type }) => type === IMAGE);
  const [first] = images;
  if (first === undefined) return [...planned];
  const attrs = new Map(images.flatMap((image) => [...image.attrs]));
  return planned.flatMap((each) => (each === first ? [{ ...each, attrs }] : each.type === IMAGE ? [] : [each]));
}
