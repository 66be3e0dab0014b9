/** Registries through the engine: pull, push, log in, search, manifests, copies. */
import type { ProgressLine } from "../wire/image.ts";
import type { DistributionInspect, LoginResult, ManifestPush, RemoteManifest, SearchResult } from "../wire/registry.ts";
import { type FilterLists, filterQuery } from "./filter-query.ts";
import type { HttpClient } from "./http.ts";

/** Who one is to a registry, as Docker's clients keep it. */
export interface AuthConfig {
  readonly username?: string;
  readonly password?: string;
  readonly serveraddress?: string;
  /** In place of a password. */
  readonly identitytoken?: string;
  /** A bearer token as it is. */
  readonly registrytoken?: string;
}

export interface PullOptions {
  readonly platform?: string;
  readonly auth?: AuthConfig;
  /** Asks for a line that tells the sizes of what is missing, in `aux.Layers`. */
  readonly sizes?: boolean;
}

export interface CopyOptions {
  readonly platform?: string;
  /** By registry. */
  readonly auths?: Readonly<Record<string, AuthConfig>>;
}

type Progress = AsyncGenerator<ProgressLine, void, undefined>;

const pathOf = (ref: string): string => ref.split("/").map(encodeURIComponent).join("/");
const encoded = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString("base64url");
const authHeader = (auth: AuthConfig = {}): Record<string, string> => ({ "X-Registry-Auth": encoded(auth) });
const configHeader = (auths: Readonly<Record<string, AuthConfig>> = {}): Record<string, string> => ({
  "X-Registry-Config": encoded(auths),
});

export function registryApi(http: HttpClient) {
  return {
    /** POST /images/create?fromImage=: progress lines; a failure under way is a line with `error`. `tag` "" is all tags. */
    pull: (fromImage: string, tag: string, { platform = "", auth, sizes = false }: PullOptions = {}): Progress =>
      http.lines("POST", "/images/create", { query: { fromImage, tag, platform, sizes }, headers: authHeader(auth) }),
    /** POST /images/{name}/push. `tag` "" is all tags, `platform` an OCI platform as JSON. */
    push: (name: string, tag: string, { platform = "", auth }: Omit<PullOptions, "sizes"> = {}): Progress =>
      http.lines("POST", `/images/${pathOf(name)}/push`, { query: { tag, platform }, headers: authHeader(auth) }),
    /** POST /images/verify: a line a layer; ends with a line that has `error` when damage is left. No refs are all images. */
    verify: (
      refs: readonly string[],
      { repair = false, auths }: { repair?: boolean; auths?: CopyOptions["auths"] } = {},
    ): Progress =>
      http.lines("POST", "/images/verify", { query: { names: refs, repair }, headers: configHeader(auths) }),
    /** POST /auth. */
    login: (auth: AuthConfig): Promise<LoginResult> => http.json("POST", "/auth", { json: auth }),
    /** GET /images/search. */
    search: (
      term: string,
      { limit, filters, auth }: { limit?: number | undefined; filters?: FilterLists; auth?: AuthConfig } = {},
    ): Promise<SearchResult[]> =>
      http.json("GET", "/images/search", {
        query: { term, limit, filters: filterQuery(filters) },
        headers: authHeader(auth),
      }),
    /** GET /distribution/{ref}/json. */
    distribution: (ref: string, auth?: AuthConfig): Promise<DistributionInspect> =>
      http.json("GET", `/distribution/${pathOf(ref)}/json`, { headers: authHeader(auth) }),
    /** GET /distribution/{ref}/manifest: the exact bytes. */
    manifest: (ref: string, { insecure = false, auth }: { insecure?: boolean; auth?: AuthConfig } = {}) =>
      http.json<RemoteManifest>("GET", `/distribution/${pathOf(ref)}/manifest`, {
        query: { insecure },
        headers: authHeader(auth),
      }),
    /** PUT /distribution/{ref}/manifest: an index, and what it lists. */
    pushManifest: (
      ref: string,
      list: ManifestPush,
      { insecure = false, auths }: { insecure?: boolean; auths?: Readonly<Record<string, AuthConfig>> } = {},
    ): Promise<{ readonly Digest: string }> =>
      http.json("PUT", `/distribution/${pathOf(ref)}/manifest`, {
        json: list,
        query: { insecure },
        headers: configHeader(auths),
      }),
    /** POST /distribution/{from}/copy: between registries. */
    copy: (from: string, to: string, { platform = "", auths }: CopyOptions = {}): Progress =>
      http.lines("POST", `/distribution/${pathOf(from)}/copy`, {
        query: { to, platform },
        headers: configHeader(auths),
      }),
  };
}
