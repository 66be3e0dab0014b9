/** The engine itself: version, info, events. */
import type { DiskUsage } from "../wire/disk-usage.ts";
import type { EventMessage } from "../wire/event.ts";
import { type FilterLists, filterQuery } from "./filter-query.ts";
import type { HttpClient } from "./http.ts";

export interface EventsOptions {
  /** Unix seconds with an optional fraction, or RFC 3339. */
  readonly since?: string;
  readonly until?: string;
  readonly filters?: FilterLists;
  readonly signal?: AbortSignal;
}

// The return type is the documentation: one method an endpoint.
export function systemApi(http: HttpClient) {
  return {
    /** GET /_ping. */
    ping: (): Promise<void> => http.send("GET", "/_ping"),
    /** GET /version. */
    version: (): Promise<Record<string, unknown>> => http.json("GET", "/version"),
    /** GET /info. */
    info: (): Promise<Record<string, unknown>> => http.json("GET", "/info"),
    /** GET /system/df: totals by kind of object, with all objects. */
    diskUsage: (): Promise<Required<DiskUsage>> =>
      http.json("GET", "/system/df", { version: "1.53", query: { verbose: true } }),
    /** GET /events: past ones from `since`, then live ones, until `until`, abort or the end of the engine. */
    events: ({ since, until, filters, signal }: EventsOptions = {}): AsyncGenerator<EventMessage, void, undefined> =>
      http.lines("GET", "/events", { query: { since, until, filters: filterQuery(filters) }, signal }),
    /** The same as JSON texts, whose `timeNano` is exact; as a number it loses its last digits. */
    eventTexts: ({ since, until, filters, signal }: EventsOptions = {}): AsyncGenerator<string, void, undefined> =>
      http.texts("GET", "/events", { query: { since, until, filters: filterQuery(filters) }, signal }),
  };
}
