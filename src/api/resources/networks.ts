/** Networks: create, list, inspect, connect, disconnect, remove, prune; and the honest absence of plugins, which clients ask for in passing. */
import { invalidParameter, notFound } from "../../base/errors.ts";
import { decodeNetworkConnect, decodeNetworkCreate, decodeNetworkDisconnect } from "../../wire/decode/network.ts";
import { parseFilters } from "../../wire/filters.ts";
import { type Answer, empty, json } from "../answer.ts";
import type { NetworkBackend } from "../backend.ts";
import { readJson } from "../body.ts";
import type { Call, Route } from "../router.ts";

export function networkRoutes(backend: NetworkBackend): Route[] {
  const list: Route["handle"] = ({ request }) => json(200, backend.list(filtersOf(request)));
  return [
    { method: "GET", pattern: "/networks", handle: list },
    { method: "GET", pattern: "/networks/", handle: list },
    { method: "POST", pattern: "/networks/create", handle: (call) => create(backend, call) },
    {
      method: "POST",
      pattern: "/networks/prune",
      handle: async ({ request }) => json(200, await backend.prune(filtersOf(request))),
    },
    { method: "GET", pattern: "/networks/{name}", handle: (call) => inspect(backend, call) },
    { method: "DELETE", pattern: "/networks/{name}", handle: (call) => remove(backend, call) },
    { method: "POST", pattern: "/networks/{name}/connect", handle: (call) => connect(backend, call) },
    { method: "POST", pattern: "/networks/{name}/disconnect", handle: (call) => disconnect(backend, call) },
  ];
}

const filtersOf = ({ query }: Call["request"]) => parseFilters(query.text("filters"));

async function create(backend: NetworkBackend, { request }: Call): Promise<Answer> {
  return json(201, await backend.create(decodeNetworkCreate(await readJson(request))));
}

const BOOLEAN_WORDS = new Set(["", "1", "t", "T", "TRUE", "true", "True", "0", "f", "F", "FALSE", "false", "False"]);

/** `verbose` tells of swarm's tasks, of which there are none, but its value has to be one. */
function inspect(backend: NetworkBackend, { request, name }: Call): Answer {
  const verbose = request.query.text("verbose");
  if (!BOOLEAN_WORDS.has(verbose)) {
    const why = `strconv.ParseBool: parsing ${JSON.stringify(verbose)}: invalid syntax`;
    throw invalidParameter(`invalid value for verbose: ${verbose}: ${why}`);
  }
  return json(200, backend.inspect(name, request.query.text("scope")));
}

async function remove(backend: NetworkBackend, { name }: Call): Promise<Answer> {
  await backend.remove(name);
  return empty(204);
}

async function connect(backend: NetworkBackend, { request, name }: Call): Promise<Answer> {
  await backend.connect(name, decodeNetworkConnect(await readJson(request)));
  return empty(200);
}

async function disconnect(backend: NetworkBackend, { request, name }: Call): Promise<Answer> {
  await backend.disconnect(name, decodeNetworkDisconnect(await readJson(request)));
  return empty(200);
}

export function pluginRoutes(): Route[] {
  return [
    { method: "GET", pattern: "/plugins", handle: () => json(200, []) },
    { method: "GET", pattern: "/plugins/{name}/json", handle: ({ name }) => missingPlugin(name) },
    { method: "DELETE", pattern: "/plugins/{name}", handle: ({ name }) => missingPlugin(name) },
    ...["enable", "disable", "set", "push"].map(
      (action): Route => ({
        method: "POST",
        pattern: `/plugins/{name}/${action}`,
        handle: ({ name }) => missingPlugin(name),
      }),
    ),
  ];
}

function missingPlugin(name: string): never {
  throw notFound(`plugin ${JSON.stringify(name)} not found`);
}
