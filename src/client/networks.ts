/** Networks: one method an endpoint of /networks. */
import type { EndpointSettings } from "../wire/container.ts";
import type { NetworkCreateRequest, NetworkCreateResponse, NetworkInspect } from "../wire/network.ts";
import { type FilterLists, filterQuery } from "./filter-query.ts";
import type { HttpClient } from "./http.ts";

/** Only what differs from the engine's defaults needs to be there. */
export type NetworkCreateBody = Pick<NetworkCreateRequest, "Name"> & Partial<NetworkCreateRequest>;

const at = (ref: string): string => `/networks/${encodeURIComponent(ref)}`;

export function networkApi(http: HttpClient) {
  return {
    /** POST /networks/create. */
    create: (body: NetworkCreateBody): Promise<NetworkCreateResponse> =>
      http.json("POST", "/networks/create", { json: body }),
    /** GET /networks: without their containers. */
    list: (filters?: FilterLists): Promise<NetworkInspect[]> =>
      http.json("GET", "/networks", { query: { filters: filterQuery(filters) } }),
    /** GET /networks/{ref}. */
    inspect: (ref: string, options: { verbose?: boolean } = {}): Promise<NetworkInspect> =>
      http.json("GET", at(ref), { query: options }),
    /** DELETE /networks/{ref}. */
    remove: (ref: string): Promise<void> => http.send("DELETE", at(ref)),
    /** POST /networks/{ref}/connect. */
    connect: (ref: string, container: string, settings?: Partial<EndpointSettings>): Promise<void> =>
      http.send("POST", `${at(ref)}/connect`, { json: { Container: container, EndpointConfig: settings } }),
    /** POST /networks/{ref}/disconnect. */
    disconnect: (ref: string, container: string, options: { force?: boolean } = {}): Promise<void> =>
      http.send("POST", `${at(ref)}/disconnect`, { json: { Container: container, Force: options.force ?? false } }),
    /** POST /networks/prune. */
    prune: (filters?: FilterLists): Promise<{ NetworksDeleted: string[] | null }> =>
      http.json("POST", "/networks/prune", { query: { filters: filterQuery(filters) } }),
  };
}
