/** `docker search`: the v1 search API, which Docker Hub and a few registries have (moby registry/search.go 28.5). */
import { invalidParameter, messageOf, systemError } from "../../base/errors.ts";
import { bool, int64, list, string, struct } from "../../wire/decode/primitives.ts";
import { booleanFilter, checkFilterKeys, type Filters } from "../../wire/filters.ts";
import { parseJson } from "../../wire/json.ts";
import type { SearchResult } from "../../wire/registry.ts";
import { basicHeader, type Credentials } from "../../wire/registry-auth.ts";
import { decodeUtf8 } from "../archive/contents.ts";
import { DOCKER_HUB, type Endpoint, ownEndpoints } from "./endpoints.ts";
import { RegistryError } from "./registry-error.ts";
import type { RegistrySettings } from "./settings.ts";
import type { Send } from "./transport.ts";

export interface SearchTools {
  readonly settings: RegistrySettings;
  readonly send: Send;
  readonly signal: AbortSignal;
}

export interface SearchQuery {
  /** "redis", "registry.local:5000/redis" */
  readonly term: string;
  /** 0 is the default of 25. */
  readonly limit: number;
  readonly filters: Filters;
  readonly credentials: Credentials;
}

const DEFAULT_LIMIT = 25;
const MOST = 100;
const MAX_ANSWER_BYTES = 8 * 1024 * 1024;
const HUB_SEARCH: Endpoint = { origin: "https://index.docker.io", prefix: "", mirrorOf: undefined, insecure: false };

const decodeResults = struct("registry.SearchResults", () => ({ results: new Array<SearchResult>() }), {
  results: list(
    "registry.SearchResult",
    struct("registry.SearchResult", emptyResult, {
      name: string,
      description: string,
      star_count: int64,
      is_official: bool,
      is_automated: bool,
    }),
    emptyResult,
  ),
});

function emptyResult(): SearchResult {
  return { star_count: 0, is_official: false, name: "", is_automated: false, description: "" };
}

export async function search(tools: SearchTools, query: SearchQuery): Promise<SearchResult[]> {
  const { filters, limit } = query;
  checkFilterKeys(filters, ["is-automated", "is-official", "stars"]);
  const stars = starsOf(filters);
  const [automated, official] = [booleanFilter(filters, "is-automated"), booleanFilter(filters, "is-official")];
  if (limit < 0 || limit > MOST) throw invalidParameter(`limit ${limit} is outside the range of [1, ${MOST}]`);
  // Nothing is called automated any more.
  if (automated === true) return [];
  const found = await ask(tools, query);
  return found
    .filter((each) => each.star_count >= stars && (official === undefined || each.is_official === official))
    .map((each) => ({ ...each, is_automated: false }));
}

function starsOf(filters: Filters): number {
  return (filters.get("stars") ?? []).reduce((most, text) => {
    if (/^[+-]?\d{1,15}$/.test(text)) return Math.max(most, Number(text));
    throw invalidParameter(
      `invalid filter 'stars=${text}': strconv.Atoi: parsing ${JSON.stringify(text)}: invalid syntax`,
    );
  }, 0);
}

async function ask(tools: SearchTools, { term, limit, credentials }: SearchQuery): Promise<SearchResult[]> {
  const { registry, words } = splitTerm(term);
  const endpoint = registry === DOCKER_HUB ? HUB_SEARCH : await findEndpoint(tools, registry);
  const url = new URL(`${endpoint.origin}/v1/search`);
  url.searchParams.set("q", words);
  url.searchParams.set("n", String(limit || DEFAULT_LIMIT));
  const { username, password } = credentials;
  const authorization = username === "" ? undefined : basicHeader(username, password);
  const { send, signal } = tools;
  const headers = { "X-Docker-Token": "true" };
  const answer = await send({ method: "GET", url, headers, authorization, insecure: endpoint.insecure, signal });
  if (answer.status !== 200) {
    await answer.discard();
    throw systemError(`Unexpected status code ${answer.status}`);
  }
  const text = decodeUtf8(await answer.bytes(MAX_ANSWER_BYTES));
  return decodeResults(parseJson(text) ?? {}, "results").results;
}

/** What stands before the first slash is a registry when it looks like one. */
function splitTerm(term: string): { readonly registry: string; readonly words: string } {
  if (/^https?:\/\//.test(term)) {
    throw invalidParameter("invalid reference format: repository name must be specified without its scheme");
  }
  const slash = term.indexOf("/");
  const first = slash < 0 ? "" : term.slice(0, slash);
  const isHost = first === "localhost" || /[.:]/.test(first);
  if (!isHost || first === DOCKER_HUB || first === "index.docker.io") {
    return { registry: DOCKER_HUB, words: (isHost ? term.slice(slash + 1) : term).replace(/^library\//, "") };
  }
  return { registry: first, words: term.slice(slash + 1) };
}

/** The first that answers at all: its ping need not be found. */
async function findEndpoint({ settings, send, signal }: SearchTools, registry: string): Promise<Endpoint> {
  const attempts: string[] = [];
  for (const endpoint of ownEndpoints(registry, settings)) {
    try {
      const url = new URL(`${endpoint.origin}/v1/_ping`);
      await (await send({ method: "GET", url, insecure: endpoint.insecure, signal })).discard();
      return endpoint;
    } catch (error) {
      if (!(error instanceof RegistryError)) throw error;
      attempts.push(messageOf(error));
    }
  }
  const [https = "", http] = attempts;
  const origin = `${http === undefined ? "https" : "http"}://${registry}/v1/`;
  const tried = `HTTPS attempt: ${https}${http === undefined ? "" : `. HTTP attempt: ${http}`}`;
  throw invalidParameter(`invalid registry endpoint ${JSON.stringify(origin)}. ${tried}`);
}
