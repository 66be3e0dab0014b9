/** The two connections of a build: one for calls to the engine, one on which the client serves its files and secrets. Both are HTTP/2. */
import type { Duplex } from "../base/duplex.ts";
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
