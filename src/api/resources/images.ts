/** Images as records: list, inspect, history, tag, remove. */
import { checkFilterKeys, parseFilters } from "../../wire/filters.ts";
import { type Answer, empty, json, shaped } from "../answer.ts";
import type { ImageBackend } from "../backend.ts";
import { isBelow } from "../negotiate.ts";
import type { Call, Route } from "../router.ts";

const LIST_FILTERS = ["before", "dangling", "label", "label!", "reference", "since", "until"];

export function imageRoutes(backend: ImageBackend): Route[] {
  return [
    { method: "GET", pattern: "/images/json", handle: (call) => list(backend, call) },
    {
      method: "GET",
      pattern: "/images/{name}/json",
      handle: ({ name }) => shaped("imageInspect", backend.inspect(name)),
    },
    { method: "GET", pattern: "/images/{name}/history", handle: ({ name }) => json(200, backend.history(name)) },
    { method: "POST", pattern: "/images/{name}/tag", handle: (call) => tag(backend, call) },
    { method: "DELETE", pattern: "/images/{name}", handle: (call) => remove(backend, call) },
  ];
}

async function list(backend: ImageBackend, { request: { query }, version }: Call): Promise<Answer> {
  const asked = parseFilters(query.text("filters"));
  checkFilterKeys(asked, LIST_FILTERS);
  // Before 1.41 a reference could stand by itself.
  const reference = isBelow(version, "1.41") ? query.text("filter") : "";
  const filters = reference === "" ? asked : new Map([...asked, ["reference", [reference]]]);
  const images = await backend.list({
    all: query.bool("all"),
    filters,
    sharedSize: query.bool("shared-size"),
    digests: query.bool("digests"),
  });
  return shaped("imageList", images);
}

async function tag(backend: ImageBackend, { name, request: { query } }: Call): Promise<Answer> {
  await backend.tag(name, query.text("repo"), query.text("tag"));
  return empty(201);
}

async function remove(backend: ImageBackend, { name, request: { query } }: Call): Promise<Answer> {
  return json(200, await backend.remove(name, { force: query.bool("force"), noprune: query.bool("noprune") }));
}
