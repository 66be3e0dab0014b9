/** Volumes: one method an endpoint of /volumes. */
import type { Volume, VolumeCreateRequest, VolumeList, VolumePruneReport } from "../wire/volume.ts";
import { type FilterLists, filterQuery } from "./filter-query.ts";
import type { HttpClient } from "./http.ts";

const at = (name: string): string => `/volumes/${encodeURIComponent(name)}`;

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
  };
}
