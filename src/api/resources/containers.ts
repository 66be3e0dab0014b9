/** Containers as records: create, list, inspect, rename, update, remove, prune, top. */
import { invalidParameter } from "../../base/errors.ts";
import { decodeContainerConfig, decodeContainerCreate } from "../../wire/decode/container-create.ts";
import { decodeContainerUpdate } from "../../wire/decode/container-update.ts";
import { checkFilterKeys, parseFilters } from "../../wire/filters.ts";
import { validateCreate, validateUpdate } from "../../wire/validate/create.ts";
import { checkName } from "../../wire/validate/name.ts";
import type { HostLimits } from "../../wire/validate/resources.ts";
import { type Answer, empty, json, shaped } from "../answer.ts";
import type { ContainerBackend } from "../backend.ts";
import { readJson, requireJson } from "../body.ts";
import { isBelow } from "../negotiate.ts";
import type { Call, Route } from "../router.ts";
import { adaptCreate } from "../shims/create.ts";

const LIST_FILTERS = [
  "ancestor",
  "annotation",
  "before",
  "exited",
  "expose",
  "health",
  "id",
  "isolation",
  "is-task",
  "label",
  "name",
  "network",
  "publish",
  "since",
  "status",
  "volume",
];
const PRUNE_FILTERS = ["label", "label!", "until"];

export function containerRoutes(backend: ContainerBackend, hostLimits: HostLimits): Route[] {
  return [
    { method: "GET", pattern: "/containers/json", handle: (call) => list(backend, call) },
    { method: "POST", pattern: "/containers/create", handle: (call) => create(backend, call, hostLimits) },
    { method: "POST", pattern: "/containers/prune", handle: (call) => prune(backend, call) },
    { method: "POST", pattern: "/commit", handle: (call) => commit(backend, call) },
    { method: "GET", pattern: "/containers/{name}/json", handle: (call) => inspect(backend, call) },
    { method: "GET", pattern: "/containers/{name}/top", handle: (call) => top(backend, call) },
    { method: "POST", pattern: "/containers/{name}/rename", handle: (call) => rename(backend, call) },
    { method: "POST", pattern: "/containers/{name}/update", handle: (call) => update(backend, call, hostLimits) },
    { method: "DELETE", pattern: "/containers/{name}", handle: (call) => remove(backend, call) },
  ];
}

async function list(backend: ContainerBackend, { request: { query } }: Call): Promise<Answer> {
  const filters = parseFilters(query.text("filters"));
  checkFilterKeys(filters, LIST_FILTERS);
  const containers = await backend.list({
    all: query.bool("all"),
    limit: query.int("limit") ?? 0,
    size: query.bool("size"),
    filters,
  });
  return shaped("containerList", containers);
}

async function commit(backend: ContainerBackend, { request }: Call): Promise<Answer> {
  const { query } = request;
  const config = decodeContainerConfig(await readJson(request));
  const container = query.text("container");
  if (container === "") throw invalidParameter('invalid name or ID supplied: ""');
  const options = {
    repo: query.text("repo"),
    tag: query.text("tag"),
    author: query.text("author"),
    comment: query.text("comment"),
    changes: query.all("changes"),
    pause: query.text("pause") === "" || query.bool("pause"),
    config,
  };
  return json(201, await backend.commit(container, options));
}

async function create(backend: ContainerBackend, call: Call, hostLimits: HostLimits): Promise<Answer> {
  const { query } = call.request;
  const name = query.text("name");
  const decoded = decodeContainerCreate(await requireJson(call.request));
  const { request, warnings } = adaptCreate(decoded, call.version);
  const doubts = validateCreate(request, hostLimits);
  const checkedName = name === "" ? undefined : checkName(name);
  const platform = isBelow(call.version, "1.41") ? "" : query.text("platform");
  const { Id, Warnings } = await backend.create(checkedName, platform === "" ? request : { ...request, platform });
  return json(201, { Id, Warnings: [...Warnings, ...doubts, ...warnings] });
}

async function inspect(backend: ContainerBackend, { name, request }: Call): Promise<Answer> {
  return shaped("containerInspect", await backend.inspect(name, request.query.bool("size")));
}

async function top(backend: ContainerBackend, { name, request }: Call): Promise<Answer> {
  return json(200, await backend.top(name, request.query.text("ps_args")));
}

async function rename(backend: ContainerBackend, { name, request }: Call): Promise<Answer> {
  const wanted = request.query.text("name");
  if (wanted === "") throw invalidParameter("Neither old nor new names may be empty");
  await backend.rename(name, wanted);
  return empty(204);
}

async function update(backend: ContainerBackend, { name, request }: Call, hostLimits: HostLimits): Promise<Answer> {
  const wanted = decodeContainerUpdate(await readJson(request));
  validateUpdate(wanted, hostLimits);
  return json(200, await backend.update(name, wanted));
}

async function remove(backend: ContainerBackend, { name, request: { query } }: Call): Promise<Answer> {
  await backend.remove(name, { force: query.bool("force"), volumes: query.bool("v"), link: query.bool("link") });
  return empty(204);
}

async function prune(backend: ContainerBackend, { request: { query } }: Call): Promise<Answer> {
  const filters = parseFilters(query.text("filters"));
  checkFilterKeys(filters, PRUNE_FILTERS);
  return json(200, await backend.prune(filters));
}
