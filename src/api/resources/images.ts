/** Images as records: list, inspect, history, tag, remove, prune. */
import { invalidParameter } from "../../base/errors.ts";
import { parseFilters } from "../../wire/filters.ts";
import { type Answer, empty, json, shaped } from "../answer.ts";
import type { ImageBackend } from "../backend.ts";
import { isBelow } from "../negotiate.ts";
import type { Call, Route } from "../router.ts";
import { platformOf } from "./platform.ts";

export function imageRoutes(backend: ImageBackend): Route[] {
  return [
    { method: "GET", pattern: "/images/json", handle: (call) => list(backend, call) },
    { method: "POST", pattern: "/images/prune", handle: (call) => prune(backend, call) },
    { method: "GET", pattern: "/images/{name}/json", handle: (call) => inspect(backend, call) },
    { method: "GET", pattern: "/images/{name}/history", handle: (call) => history(backend, call) },
    { method: "POST", pattern: "/images/{name}/tag", handle: (call) => tag(backend, call) },
    { method: "DELETE", pattern: "/images/{name}", handle: (call) => remove(backend, call) },
  ];
}

async function list(backend: ImageBackend, { request: { query }, version }: Call): Promise<Answer> {
  const asked = parseFilters(query.text("filters"));
  // Before 1.41 a reference could stand by itself.
  const reference = isBelow(version, "1.41") ? query.text("filter") : "";
  const images = await backend.list({
    all: query.bool("all"),
    filters: reference === "" ? asked : new Map([...asked, ["reference", [reference]]]),
    sharedSize: !isBelow(version, "1.42") && query.bool("shared-size"),
    manifests: !isBelow(version, "1.47") && query.bool("manifests"),
  });
  return shaped("imageList", images);
}

function inspect(backend: ImageBackend, { name, version, request: { query } }: Call): Answer {
  const manifests = !isBelow(version, "1.48") && query.bool("manifests");
  const platform = isBelow(version, "1.49") ? undefined : platformOf(query);
  if (manifests && platform !== undefined) {
    throw invalidParameter("conflicting options: manifests and platform options cannot both be set");
  }
  return shaped("imageInspect", backend.inspect(name, { platform, manifests }));
}

function history(backend: ImageBackend, { name, version, request: { query } }: Call): Answer {
  return json(200, backend.history(name, isBelow(version, "1.48") ? undefined : platformOf(query)));
}

async function tag(backend: ImageBackend, { name, request: { query } }: Call): Promise<Answer> {
  await backend.tag(name, query.text("repo"), query.text("tag"));
  return empty(201);
}

async function remove(backend: ImageBackend, { name, version, request: { query } }: Call): Promise<Answer> {
  if (query.all("platforms").length > 1) throw invalidParameter("multiple platforms are not supported");
  const platform = isBelow(version, "1.50") ? undefined : platformOf(query, "platforms");
  return json(
    200,
    await backend.remove(name, { force: query.bool("force"), noprune: query.bool("noprune"), platform }),
  );
}

async function prune(backend: ImageBackend, { request: { query } }: Call): Promise<Answer> {
  return json(200, await backend.prune(parseFilters(query.text("filters"))));
}
