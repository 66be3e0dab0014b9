/** The predefined networks, and the honest absence of anything to prune, of volumes and of plugins, which clients ask for in passing. */
import { notFound } from "../../base/errors.ts";
import { checkFilterKeys, parseFilters } from "../../wire/filters.ts";
import { type Answer, json } from "../answer.ts";
import type { NetworkBackend } from "../backend.ts";
import type { Call, Route } from "../router.ts";

export function networkRoutes(backend: NetworkBackend): Route[] {
  return [
    {
      method: "GET",
      pattern: "/networks",
      handle: ({ request }) => json(200, backend.list(parseFilters(request.query.text("filters")))),
    },
    { method: "GET", pattern: "/networks/{name}", handle: ({ name }) => json(200, backend.inspect(name)) },
  ];
}

export function emptyRoutes(): Route[] {
  return [
    { method: "GET", pattern: "/volumes", handle: listVolumes },
    { method: "POST", pattern: "/volumes/prune", handle: () => json(200, { VolumesDeleted: [], SpaceReclaimed: 0 }) },
    { method: "POST", pattern: "/networks/prune", handle: () => json(200, { NetworksDeleted: null }) },
    { method: "GET", pattern: "/volumes/{name}", handle: ({ name }) => missingVolume(name) },
    { method: "DELETE", pattern: "/volumes/{name}", handle: ({ name }) => missingVolume(name) },
    { method: "GET", pattern: "/plugins", handle: () => json(200, []) },
    { method: "GET", pattern: "/plugins/{name}/json", handle: ({ name }) => missingPlugin(name) },
  ];
}

function listVolumes({ request }: Call): Answer {
  checkFilterKeys(parseFilters(request.query.text("filters")), ["dangling", "driver", "label", "name"]);
  return json(200, { Volumes: [], Warnings: null });
}

function missingVolume(name: string): never {
  throw notFound(`get ${name}: no such volume`);
}

function missingPlugin(name: string): never {
  throw notFound(`plugin ${JSON.stringify(name)} not found`);
}
