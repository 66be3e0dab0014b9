/**
 * The two connections of a build, both HTTP/2: one for calls to the engine, one on which the client serves its files and secrets; and
 * the build cache as far as it needs neither.
 */
import type { Duplex } from "../base/duplex.ts";
import type { BuildPruneReport } from "../wire/disk-usage.ts";
import { type FilterLists, filterQuery } from "./filter-query.ts";
import type { HttpClient } from "./http.ts";

export interface SessionHeaders {
  readonly id: string;
  /** Builds of one directory have the same one, so that only what changed is sent again. */
  readonly sharedKey: string;
  /** Paths of the methods that are served. */
  readonly methods: readonly string[];
}

const UPGRADE = { Upgrade: "h2c" };

export function buildApi(http: HttpClient) {
  return {
    /** POST /build/prune. */
    prune: (filters: FilterLists = {}, options: { readonly all?: boolean } = {}): Promise<BuildPruneReport> =>
      http.json("POST", "/build/prune", {
        query: { filters: filterQuery(filters), all: options.all === true ? "1" : undefined },
      }),
    /** POST /grpc. */
    grpc: async (): Promise<Duplex> => (await http.hijack("POST", "/grpc", { headers: UPGRADE })).stream,
    /** POST /session. */
    session: async ({ id, sharedKey, methods }: SessionHeaders): Promise<Duplex> => {
      const headers = {
        ...UPGRADE,
        "X-Docker-Expose-Session-Uuid": id,
        "X-Docker-Expose-Session-Sharedkey": sharedKey,
        "X-Docker-Expose-Session-Grpc-Method": methods.join(", "),
      };
      return (await http.hijack("POST", "/session", { headers })).stream;
    },
  };
}
