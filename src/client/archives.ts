/** Files of containers: archives in and out, changes, exports. */
import type { IncomingBody, OutgoingBody } from "../base/lent-socket.ts";
import { type FilesystemChange, PATH_STAT_HEADER, type PathStat } from "../wire/archive.ts";
import type { HttpResponse } from "./connection.ts";
import { ClientError } from "./errors.ts";
import type { HttpClient } from "./http.ts";

export interface ContainerArchive {
  readonly stat: PathStat;
  /** A tar whose names begin with the last name of the path. */
  readonly tar: IncomingBody;
}

export interface PutArchiveOptions {
  /** Everything belongs to the container's user, in place of who the archive says. */
  readonly copyUIDGID?: boolean;
  /** Refuse to put a directory in place of something else, or something else in place of a directory. */
  readonly noOverwriteDirNonDir?: boolean;
}

const at = (ref: string, action: string): string => `/containers/${encodeURIComponent(ref)}/${action}`;

export function archiveApi(http: HttpClient) {
  return {
    /** HEAD /containers/{ref}/archive. */
    stat: async (ref: string, path: string): Promise<PathStat> => {
      const response = await http.request("HEAD", at(ref, "archive"), { query: { path } });
      return statOf(response);
    },
    /** GET /containers/{ref}/archive. */
    get: async (ref: string, path: string): Promise<ContainerArchive> => {
      const response = await http.request("GET", at(ref, "archive"), { query: { path } });
      return { stat: statOf(response), tar: response };
    },
    /** PUT /containers/{ref}/archive: unpacks into an existing directory. */
    put: (
      ref: string,
      path: string,
      { tar, ...options }: PutArchiveOptions & { readonly tar: OutgoingBody },
    ): Promise<void> =>
      http.send("PUT", at(ref, "archive"), {
        query: { path, ...options },
        body: tar,
        headers: { "Content-Type": "application/x-tar" },
      }),
    /** GET /containers/{ref}/changes. */
    changes: async (ref: string): Promise<readonly FilesystemChange[]> =>
      (await http.json<readonly FilesystemChange[] | null>("GET", at(ref, "changes"))) ?? [],
    /** GET /containers/{ref}/export. */
    export: async (ref: string): Promise<AsyncIterable<Uint8Array>> =>
      (await http.request("GET", at(ref, "export"))).body,
  };
}

function statOf({ head }: HttpResponse): PathStat {
  const text = head.headers.get(PATH_STAT_HEADER.toLowerCase());
  if (text === undefined) throw new ClientError(head.status, "the engine said nothing about the path");
  return JSON.parse(Buffer.from(text, "base64").toString()) as PathStat;
}
