/** Containers: one method an endpoint of /containers. */
import type {
  ContainerCreateRequest,
  ContainerCreateResponse,
  ContainerInspect,
  ContainerSummary,
  ContainerUpdateRequest,
  EndpointSettings,
  TopResponse,
  WaitResponse,
} from "../wire/container.ts";
import type { ContainerStats } from "../wire/stats.ts";
import { type FilterLists, filterQuery } from "./filter-query.ts";
import { type Hijacked, type HttpClient, isMultiplexed } from "./http.ts";

export interface ListOptions {
  readonly all?: boolean;
  readonly limit?: number;
  readonly size?: boolean;
  readonly filters?: FilterLists;
}

export interface AttachOptions {
  readonly stdin?: boolean;
  readonly stdout?: boolean;
  readonly stderr?: boolean;
  /** Also what was logged before. */
  readonly logs?: boolean;
  /** "" is the engine's default. */
  readonly detachKeys?: string;
}

export interface LogsOptions {
  readonly stdout?: boolean;
  readonly stderr?: boolean;
  readonly follow?: boolean;
  readonly timestamps?: boolean;
  /** The labels and variables that the log driver was told to keep. */
  readonly details?: boolean;
  /** Unix seconds with an optional fraction. */
  readonly since?: string;
  readonly until?: string;
  /** A number of lines or "all". */
  readonly tail?: string;
  readonly signal?: AbortSignal;
}

export interface Logs {
  readonly bytes: AsyncIterable<Uint8Array>;
  /** True when the bytes are Docker's frames; undefined when the engine does not say (before 1.42). */
  readonly multiplexed: boolean | undefined;
}

export interface StopOptions {
  readonly signal?: string | undefined;
  /** Seconds; -1 waits for ever. */
  readonly t?: number | undefined;
}

export type WaitCondition = "not-running" | "next-exit" | "removed";

/** A wait the engine has begun: whatever happens from now on will be seen by `exit`. */
export interface Waiting {
  readonly exit: Promise<WaitResponse>;
}

/** What is undefined is not sent. */
type Optional<T> = { readonly [K in keyof T]?: T[K] | undefined };

/** The create request as it is sent: only what differs from the engine's defaults needs to be there. */
export interface CreateBody extends Optional<ContainerCreateRequest["config"]> {
  readonly HostConfig?: Optional<ContainerCreateRequest["hostConfig"]>;
  readonly NetworkingConfig?: {
    readonly EndpointsConfig: Readonly<Record<string, Optional<EndpointSettings>>>;
  };
}

const at = (ref: string, action: string): string => `/containers/${encodeURIComponent(ref)}/${action}`;

export interface CommitOptions {
  /** Repository and tag of the new image; "" leaves it unnamed. */
  readonly repo?: string;
  readonly tag?: string;
  readonly author?: string;
  readonly comment?: string;
  /** Dockerfile instructions. */
  readonly changes?: readonly string[];
  /** Keep its processes still meanwhile. Default true. */
  readonly pause?: boolean;
}

export function containerApi(http: HttpClient) {
  const post = (ref: string, action: string, query = {}): Promise<void> =>
    http.send("POST", at(ref, action), { query });
  return {
    create: (body: CreateBody, options: { name?: string; platform?: string } = {}): Promise<ContainerCreateResponse> =>
      http.json("POST", "/containers/create", { query: options, json: body }),
    list: ({ filters, ...query }: ListOptions = {}): Promise<ContainerSummary[]> =>
      http.json("GET", "/containers/json", { query: { ...query, filters: filterQuery(filters) } }),
    inspect: (ref: string, options: { size?: boolean } = {}): Promise<ContainerInspect> =>
      http.json("GET", at(ref, "json"), { query: options }),
    start: (ref: string, options: { detachKeys?: string } = {}): Promise<void> => post(ref, "start", options),
    stop: (ref: string, options: StopOptions = {}): Promise<void> => post(ref, "stop", options),
    restart: (ref: string, options: StopOptions = {}): Promise<void> => post(ref, "restart", options),
    kill: (ref: string, signal = ""): Promise<void> => post(ref, "kill", { signal }),
    pause: (ref: string): Promise<void> => post(ref, "pause"),
    unpause: (ref: string): Promise<void> => post(ref, "unpause"),
    rename: (ref: string, name: string): Promise<void> => post(ref, "rename", { name }),
    /** In character cells. */
    resize: (ref: string, rows: number, columns: number): Promise<void> => post(ref, "resize", { h: rows, w: columns }),
    remove: (ref: string, options: { force?: boolean; v?: boolean; link?: boolean } = {}): Promise<void> =>
      http.send("DELETE", `/containers/${encodeURIComponent(ref)}`, { query: options }),
    update: (ref: string, request: Partial<ContainerUpdateRequest>): Promise<{ Warnings: string[] | null }> =>
      http.json("POST", at(ref, "update"), { json: request }),
    top: (ref: string, psArgs = ""): Promise<TopResponse> =>
      http.json("GET", at(ref, "top"), { query: { ps_args: psArgs } }),
    /** POST /commit: an image of the container. */
    commit: (ref: string, { pause = true, ...options }: CommitOptions = {}): Promise<{ Id: string }> =>
      http.json("POST", "/commit", { query: { container: ref, ...options, pause: pause ? "1" : "0" } }),
    /** GET /containers/{ref}/stats: every second without end, or once. */
    stats: (
      ref: string,
      { stream, signal }: { readonly stream: boolean; readonly signal?: AbortSignal },
    ): AsyncGenerator<ContainerStats, void, undefined> =>
      http.lines("GET", at(ref, "stats"), { query: { stream: stream ? "1" : "0" }, signal }),
    prune: (filters?: FilterLists): Promise<{ ContainersDeleted: string[] | null; SpaceReclaimed: number }> =>
      http.json("POST", "/containers/prune", { query: { filters: filterQuery(filters) } }),
    /** Resolves once the engine waits. */
    wait: async (ref: string, condition: WaitCondition, signal?: AbortSignal): Promise<Waiting> => {
      const response = await http.request("POST", at(ref, "wait"), { query: { condition }, signal });
      const exit = http.readJson<WaitResponse>(response);
      // Whoever does not look at the result is not to be ended by its failure.
      exit.catch(() => undefined);
      return { exit };
    },
    /** Resolves once attached. */
    attach: (ref: string, options: AttachOptions): Promise<Hijacked> =>
      http.hijack("POST", at(ref, "attach"), { query: { stream: true, ...options } }),
    logs: async (ref: string, { signal, ...query }: LogsOptions): Promise<Logs> => {
      const response = await http.request("GET", at(ref, "logs"), { query, signal });
      return { bytes: response.body, multiplexed: isMultiplexed(response) };
    },
  };
}
