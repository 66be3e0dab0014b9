/** Registries: push, search, log in, what they have; and tare's own endpoints for manifests and copies between registries. */
import { invalidParameter } from "../../base/errors.ts";
import { parseFilters } from "../../wire/filters.ts";
import { decodeManifestPush } from "../../wire/registry.ts";
import { decodeCredentials, readAuthHeader, readConfigHeader } from "../../wire/registry-auth.ts";
import { type Answer, json, jsonLines, progressLines } from "../answer.ts";
import type { RegistryBackend } from "../backend.ts";
import { requireJson } from "../body.ts";
import { isBelow } from "../negotiate.ts";
import type { Call, Route } from "../router.ts";
import { platformOf } from "./platform.ts";
import { primed } from "./primed.ts";

export function registryRoutes(backend: RegistryBackend): Route[] {
  return [
    { method: "POST", pattern: "/auth", handle: (call) => login(backend, call) },
    { method: "GET", pattern: "/images/search", handle: (call) => search(backend, call) },
    { method: "POST", pattern: "/images/{name}/push", handle: (call) => push(backend, call) },
    { method: "GET", pattern: "/distribution/{name}/json", handle: (call) => distribution(backend, call) },
    { method: "GET", pattern: "/distribution/{name}/manifest", handle: (call) => manifest(backend, call) },
    { method: "PUT", pattern: "/distribution/{name}/manifest", handle: (call) => pushManifest(backend, call) },
    { method: "POST", pattern: "/distribution/{name}/copy", handle: (call) => copy(backend, call) },
  ];
}

async function login(backend: RegistryBackend, { request }: Call): Promise<Answer> {
  const credentials = decodeCredentials((await requireJson(request)) ?? {});
  return json(200, await backend.login(credentials, request.signal));
}

async function search(backend: RegistryBackend, { request }: Call): Promise<Answer> {
  const { query, headers, signal } = request;
  const credentials = readAuthHeader(headers.get("x-registry-auth"));
  const limit = searchLimit(query.text("limit"));
  const filters = parseFilters(query.text("filters"));
  return json(200, await backend.search({ term: query.text("term"), limit, filters, credentials, signal }));
}

function searchLimit(text: string): number {
  if (text === "") return 0;
  if (/^[+-]?\d{1,15}$/.test(text)) return Number(text);
  throw invalidParameter(`invalid limit specified: strconv.Atoi: parsing ${JSON.stringify(text)}: invalid syntax`);
}

async function push(backend: RegistryBackend, { name, request, version }: Call): Promise<Answer> {
  const { query, headers, signal } = request;
  const platform = isBelow(version, "1.46") ? undefined : platformOf(query);
  const credentials = readAuthHeader(headers.get("x-registry-auth"));
  const lines = backend.push({ image: name, tag: query.text("tag"), platform, credentials, signal });
  return progressLines(await primed(lines));
}

async function distribution(backend: RegistryBackend, { name, request: { headers, signal } }: Call): Promise<Answer> {
  const credentials = readAuthHeader(headers.get("x-registry-auth"));
  return json(200, await backend.distribution({ image: name, credentials, signal }));
}

async function manifest(backend: RegistryBackend, { name, request }: Call): Promise<Answer> {
  const { headers, query, signal } = request;
  const credentials = readAuthHeader(headers.get("x-registry-auth"));
  const insecure = query.bool("insecure");
  return json(200, await backend.manifest({ image: name, credentials, insecure, signal }));
}

async function pushManifest(backend: RegistryBackend, { name, request }: Call): Promise<Answer> {
  const list = decodeManifestPush((await requireJson(request)) ?? {});
  const keyring = readConfigHeader(request.headers.get("x-registry-config"));
  const insecure = request.query.bool("insecure");
  const digest = await backend.pushManifest({ image: name, list, keyring, insecure, signal: request.signal });
  return json(201, { Digest: digest });
}

async function copy(backend: RegistryBackend, { name, request }: Call): Promise<Answer> {
  const { query, headers, signal } = request;
  const keyring = readConfigHeader(headers.get("x-registry-config"));
  const platform = query.text("platform");
  return jsonLines(await primed(backend.copy({ from: name, to: query.text("to"), platform, keyring, signal })));
}
