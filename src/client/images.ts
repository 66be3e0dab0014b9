/** Images: list, inspect, save, load, import, tag, remove. */
import type {
  ImageDeleteItem,
  ImageDiff,
  ImageHistoryItem,
  ImageInspect,
  ImagePruneReport,
  ImageSummary,
  ProgressLine,
} from "../wire/image.ts";
import { type FilterLists, filterQuery } from "./filter-query.ts";
import type { HttpClient } from "./http.ts";

export interface ImageListOptions {
  readonly all?: boolean;
  readonly filters?: FilterLists;
  /** With how much of its layers each shares with others. */
  readonly sharedSize?: boolean;
  /** With what is known of each one's manifests. */
  readonly manifests?: boolean;
}

export interface ImportOptions {
  /** Repository and tag to give the new image; "" leaves it unnamed. */
  readonly repo?: string;
  readonly tag?: string;
  readonly message?: string;
  /** Dockerfile instructions. */
  readonly changes?: readonly string[];
  readonly platform?: string;
}

type Progress = AsyncGenerator<ProgressLine, void, undefined>;

/** Slashes of a name stay, what else is special is escaped. */
const pathOf = (ref: string): string => `/images/${ref.split("/").map(encodeURIComponent).join("/")}`;

export function imageApi(http: HttpClient) {
  return {
    /** GET /images/json. */
    list: ({ filters, sharedSize = false, ...query }: ImageListOptions = {}): Promise<ImageSummary[]> =>
      http.json("GET", "/images/json", {
        query: { ...query, "shared-size": sharedSize, filters: filterQuery(filters) },
      }),
    /** GET /images/{ref}/json. `platform` is an OCI platform as JSON, here and below. */
    inspect: (ref: string, { platform = "", manifests = false } = {}): Promise<ImageInspect> =>
      http.json("GET", `${pathOf(ref)}/json`, { query: { platform, manifests } }),
    /** GET /images/{ref}/history. */
    history: (ref: string, { platform = "" } = {}): Promise<ImageHistoryItem[]> =>
      http.json("GET", `${pathOf(ref)}/history`, { query: { platform } }),
    /** GET /images/get: the archive, once the engine agrees. */
    save: async (refs: readonly string[], platform = ""): Promise<AsyncIterable<Uint8Array>> =>
      (await http.request("GET", "/images/get", { query: { names: refs, platform } })).body,
    /** GET /images/{from}/diff. */
    diff: (from: string, to: string): Promise<ImageDiff> => http.json("GET", `${pathOf(from)}/diff`, { query: { to } }),
    /** POST /images/prune. */
    prune: (filters: FilterLists = {}): Promise<ImagePruneReport> =>
      http.json("POST", "/images/prune", { query: { filters: filterQuery(filters) } }),
    /** POST /images/create?fromSrc=URL: the engine fetches the tarball. */
    importFrom: (url: string, options: ImportOptions = {}): Progress =>
      http.lines("POST", "/images/create", { query: { fromSrc: url, ...options } }),
    /** POST /images/create?fromSrc=-. */
    import: (tarball: AsyncIterable<Uint8Array>, options: ImportOptions = {}): Progress =>
      http.lines("POST", "/images/create", {
        query: { fromSrc: "-", ...options },
        body: tarball,
        headers: { "Content-Type": "text/plain" },
      }),
    /** POST /images/load. */
    load: (archive: AsyncIterable<Uint8Array>, { quiet = false, platform = "" } = {}): Progress =>
      http.lines("POST", "/images/load", {
        query: { quiet, platform },
        body: archive,
        headers: { "Content-Type": "application/x-tar" },
      }),
    /** POST /images/{ref}/tag. */
    tag: (ref: string, repo: string, tag: string): Promise<void> =>
      http.send("POST", `${pathOf(ref)}/tag`, { query: { repo, tag } }),
    /** DELETE /images/{ref}. */
    remove: (
      ref: string,
      options: { force?: boolean; noprune?: boolean; platforms?: readonly string[] } = {},
    ): Promise<ImageDeleteItem[]> => http.json("DELETE", pathOf(ref), { query: options }),
  };
}
