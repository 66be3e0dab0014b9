/** Volumes: one method an endpoint of /volumes. */
import type { ProgressLine } from "../wire/image.ts";
import type { Volume, VolumeCreateRequest, VolumeList, VolumePruneReport, VolumeSnapshot } from "../wire/volume.ts";
import { type FilterLists, filterQuery } from "./filter-query.ts";
import type { HttpClient } from "./http.ts";

const at = (name: string, action = ""): string =>
  `/volumes/${encodeURIComponent(name)}${action === "" ? "" : `/${action}`}`;

type Progress = AsyncGenerator<ProgressLine, void, undefined>;

export interface VolumeArchive {
  /** The same as long as the volume is: with it an export that was cut off is gone on with. */
  readonly tag: string;
  /** Where in the archive `body` begins. */
  readonly from: number;
  /** Of the files in the volume. */
  readonly bytes: number;
  readonly body: AsyncIterable<Uint8Array>;
}

export interface VolumeImportOptions {
  /** Take the place of what is in the volume. */
  readonly replace?: boolean;
  /** Hex digits that tell the archive from others: an import of the same one is gone on with. */
  readonly source?: string;
  /** Of the archive, when that is known. */
  readonly bytes?: number;
  /** Of a volume that is made, "name=value" each. */
  readonly label?: readonly string[];
}

export function volumeApi(http: HttpClient) {
  return {
    /** POST /volumes/create. */
    create: (request: Partial<VolumeCreateRequest>): Promise<Volume> =>
      http.json("POST", "/volumes/create", { json: request }),
    /** GET /volumes. */
    list: (filters?: FilterLists): Promise<VolumeList> =>
      http.json("GET", "/volumes", { query: { filters: filterQuery(filters) } }),
    /** GET /volumes/{name}. */
    inspect: (name: string): Promise<Volume> => http.json("GET", at(name)),
    /** DELETE /volumes/{name}. */
    remove: (name: string, options: { force?: boolean } = {}): Promise<void> =>
      http.send("DELETE", at(name), { query: options }),
    /** POST /volumes/prune. */
    prune: (filters?: FilterLists): Promise<VolumePruneReport> =>
      http.json("POST", "/volumes/prune", { query: { filters: filterQuery(filters) } }),
    /** POST /volumes/{name}/clone: a new volume with the same contents; tare's own, as all below. */
    clone: (source: string, request: Partial<VolumeCreateRequest>): Progress =>
      http.lines("POST", at(source, "clone"), { json: request }),
    /** GET /volumes/{name}/snapshots. */
    snapshots: (name: string): Promise<VolumeSnapshot[]> => http.json("GET", at(name, "snapshots")),
    /** POST /volumes/{name}/snapshots. */
    snapshot: (name: string, snapshot: string): Progress =>
      http.lines("POST", at(name, "snapshots"), { query: { snapshot } }),
    /** DELETE /volumes/{name}/snapshots. */
    removeSnapshot: (name: string, snapshot: string): Promise<void> =>
      http.send("DELETE", at(name, "snapshots"), { query: { snapshot } }),
    /** POST /volumes/{name}/restore. */
    restore: (name: string, snapshot: string): Progress =>
      http.lines("POST", at(name, "restore"), { query: { snapshot } }),
    /** GET /volumes/{name}/export: from the beginning unless the volume is still what it was at `tag`. */
    export: (name: string, have?: { readonly tag: string; readonly bytes: number }): Promise<VolumeArchive> =>
      exportVolume(http, name, have),
    /** POST /volumes/{name}/import: progress lines; a failure under way is a line with `error`. */
    import: (name: string, archive: AsyncIterable<Uint8Array>, options: VolumeImportOptions = {}): Progress =>
      http.lines("POST", at(name, "import"), {
        query: { ...options },
        body: archive,
        headers: { "Content-Type": "application/x-tar" },
      }),
  };
}

async function exportVolume(
  http: HttpClient,
  name: string,
  have?: { readonly tag: string; readonly bytes: number },
): Promise<VolumeArchive> {
  const resumes = have !== undefined && have.bytes > 0;
  const headers = resumes ? { Range: `bytes=${have.bytes}-`, "If-Range": `"${have.tag}"` } : {};
  const { head, body } = await http.request("GET", at(name, "export"), { headers });
  return {
    tag: (head.headers.get("etag") ?? "").replaceAll('"', ""),
    from: resumes && head.status === 206 ? have.bytes : 0,
    bytes: Number(head.headers.get("tare-volume-bytes") ?? 0),
    body,
  };
}
