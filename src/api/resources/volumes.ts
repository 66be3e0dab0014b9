/** Volumes: create, list, inspect, remove, prune. */
import { invalidParameter, messageOf, unavailable } from "../../base/errors.ts";
import { decodeVolumeCreate } from "../../wire/decode/volume.ts";
import { type Filters, parseFilters } from "../../wire/filters.ts";
import { type Answer, empty, json } from "../answer.ts";
import type { VolumeBackend } from "../backend.ts";
import { readJson } from "../body.ts";
import { isBelow } from "../negotiate.ts";
import type { Call, Route } from "../router.ts";

export function volumeRoutes(backend: VolumeBackend): Route[] {
  return [
    { method: "GET", pattern: "/volumes", handle: (call) => list(backend, call) },
    { method: "POST", pattern: "/volumes/create", handle: (call) => create(backend, call) },
    { method: "POST", pattern: "/volumes/prune", handle: (call) => prune(backend, call) },
    { method: "GET", pattern: "/volumes/{name}", handle: ({ name }) => json(200, backend.inspect(name)) },
    { method: "PUT", pattern: "/volumes/{name}", handle: update },
    { method: "DELETE", pattern: "/volumes/{name}", handle: (call) => remove(backend, call) },
  ];
}

function list(backend: VolumeBackend, { request: { query } }: Call): Answer {
  return json(200, { Volumes: backend.list(listFilters(query.text("filters"))), Warnings: null });
}

function listFilters(text: string): Filters {
  try {
    return parseFilters(text);
  } catch (error) {
    throw invalidParameter(`error reading volume filters: ${messageOf(error)}`, { cause: error });
  }
}

async function create(backend: VolumeBackend, { request }: Call): Promise<Answer> {
  return json(201, backend.create(decodeVolumeCreate(await readJson(request))));
}

/** Until 1.42 volumes with names went as well. */
async function prune(backend: VolumeBackend, { request: { query }, version }: Call): Promise<Answer> {
  const filters = parseFilters(query.text("filters"));
  return json(200, await backend.prune(isBelow(version, "1.42") ? new Map([...filters, ["all", ["true"]]]) : filters));
}

function update(): never {
  throw unavailable("volume update only valid for cluster volumes, but swarm is unavailable");
}

async function remove(backend: VolumeBackend, { name, request: { query } }: Call): Promise<Answer> {
  await backend.remove(name, query.bool("force"));
  return empty(204);
}
