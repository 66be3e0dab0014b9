/** Images that come and go as streams: load, save, import, and what stands for a pull. */
import { invalidParameter, notFound } from "../../base/errors.ts";
import type { ProgressLine } from "../../wire/image.ts";
import { type Answer, byteStream, jsonLines } from "../answer.ts";
import type { ImageBackend } from "../backend.ts";
import { isBelow } from "../negotiate.ts";
import type { Call, Route } from "../router.ts";
import { platformOf } from "./platform.ts";
import { primed } from "./primed.ts";

export function imageArchiveRoutes(backend: ImageBackend): Route[] {
  return [
    { method: "POST", pattern: "/images/load", handle: (call) => load(backend, call) },
    { method: "POST", pattern: "/images/create", handle: (call) => create(backend, call) },
    { method: "GET", pattern: "/images/get", handle: (call) => save(backend, call, call.request.query.all("names")) },
    { method: "GET", pattern: "/images/{name}/get", handle: (call) => save(backend, call, [call.name]) },
  ];
}

async function load(backend: ImageBackend, { request, version }: Call): Promise<Answer> {
  const quiet = request.query.bool("quiet");
  const platform = isBelow(version, "1.48") ? undefined : platformOf(request.query);
  return jsonLines(await primed(backend.load(request.body, { quiet, platform })));
}

async function save(backend: ImageBackend, { request, version }: Call, names: readonly string[]): Promise<Answer> {
  const platform = isBelow(version, "1.48") ? undefined : platformOf(request.query);
  return byteStream("application/x-tar", await primed(backend.save(names, platform)));
}

async function create(backend: ImageBackend, call: Call): Promise<Answer> {
  const { query } = call.request;
  const image = query.text("fromImage");
  return jsonLines(await primed(image === "" ? importArchive(backend, call) : ensure(backend, call, image)));
}

function importArchive(backend: ImageBackend, { request: { query, body } }: Call): AsyncIterable<ProgressLine> {
  const source = query.text("fromSrc");
  if (source !== "-") {
    throw invalidParameter(
      source === ""
        ? "neither fromImage nor fromSrc is given"
        : `cannot import from ${source}: the engine does not fetch archives, send it with fromSrc=-`,
    );
  }
  return backend.import(body, {
    repo: query.text("repo"),
    tag: query.text("tag"),
    message: query.text("message"),
    changes: query.all("changes"),
    platform: query.text("platform"),
  });
}

function ensure(backend: ImageBackend, { request }: Call, image: string): AsyncIterable<ProgressLine> {
  const { query, signal } = request;
  const tag = query.text("tag");
  if (backend.ensure === undefined) throw deniedPull(image);
  const ref = tag === "" ? image : `${image}${tag.includes(":") ? "@" : ":"}${tag}`;
  return backend.ensure(ref, { platform: query.text("platform"), signal });
}

function deniedPull(image: string): Error {
  return notFound(
    `pull access denied for ${image}, repository does not exist or may require 'docker login': denied: this engine has no registry client yet`,
  );
}
