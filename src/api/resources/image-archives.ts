/** Images that come and go as streams: load, save, import, pull. */
import { invalidParameter } from "../../base/errors.ts";
import type { ProgressLine } from "../../wire/image.ts";
import { readAuthHeader } from "../../wire/registry-auth.ts";
import { type Answer, progressLines } from "../answer.ts";
import type { ImageBackend, RegistryBackend } from "../backend.ts";
import { isBelow } from "../negotiate.ts";
import type { Call, Route } from "../router.ts";
import { platformOf } from "./platform.ts";
import { primed } from "./primed.ts";

export function imageArchiveRoutes(backend: ImageBackend, registries: RegistryBackend): Route[] {
  return [
    { method: "POST", pattern: "/images/load", handle: (call) => load(backend, call) },
    { method: "POST", pattern: "/images/create", handle: (call) => create(backend, registries, call) },
    { method: "GET", pattern: "/images/get", handle: (call) => save(backend, call, call.request.query.all("names")) },
    { method: "GET", pattern: "/images/{name}/get", handle: (call) => save(backend, call, [call.name]) },
  ];
}

async function load(backend: ImageBackend, { request, version }: Call): Promise<Answer> {
  const quiet = request.query.bool("quiet");
  const platform = isBelow(version, "1.48") ? undefined : platformOf(request.query);
  return progressLines(await primed(backend.load(request, { quiet, platform })));
}

async function save(backend: ImageBackend, { request, version }: Call, names: readonly string[]): Promise<Answer> {
  const platform = isBelow(version, "1.48") ? undefined : platformOf(request.query);
  const tar = await backend.save(names, platform);
  return { ...tar, kind: "stream", status: 200, headers: [["Content-Type", "application/x-tar"]] };
}

/** Two things in one endpoint, as Docker has it. */
async function create(backend: ImageBackend, registries: RegistryBackend, call: Call): Promise<Answer> {
  const image = call.request.query.text("fromImage");
  return progressLines(await primed(image === "" ? importArchive(backend, call) : pull(registries, call, image)));
}

function pull(registries: RegistryBackend, { request }: Call, image: string): AsyncIterable<ProgressLine> {
  const { query, headers, signal } = request;
  const credentials = readAuthHeader(headers.get("x-registry-auth"));
  const [tag, platform] = [query.text("tag"), query.text("platform")];
  return registries.pull({ image, tag, platform, sizes: query.bool("sizes"), credentials, signal });
}

function importArchive(backend: ImageBackend, { request }: Call): AsyncIterable<ProgressLine> {
  const { query, signal } = request;
  const source = query.text("fromSrc");
  if (source === "") throw invalidParameter("neither fromImage nor fromSrc is given");
  const options = {
    repo: query.text("repo"),
    tag: query.text("tag"),
    message: query.text("message"),
    changes: query.all("changes"),
    platform: query.text("platform"),
  };
  return source === "-" ? backend.import(request, options) : backend.importFrom(source, options, signal);
}
