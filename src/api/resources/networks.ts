/** The predefined networks, and the honest absence of anything to prune and of plugins, which clients ask for in passing. */
import { notFound } from "../../base/errors.ts";
import { parseFilters } from "../../wire/filters.ts";
import { json } from "../answer.ts";
import type { NetworkBackend } from "../backend.ts";
import type { Route } from "../router.ts";

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
    { method: "POST", pattern: "/networks/prune", handle: () => json(200, { NetworksDeleted: null }) },
    { method: "GET", pattern: "/plugins", handle: () => json(200, []) },
    { method: "GET", pattern: "/plugins/{name}/json", handle: ({ name }) => missingPlugin(name) },
  ];
}

function missingPlugin(name: string): never {
  throw notFound(`plugin ${JSON.stringify(name)} not found`);
}
