/** The durable record of a container: what it is (spec, written once and at updates) and how it is (state, written at each step).
 *
 *            start          process runs         exit
 *   created ───────▶ starting ───────▶ running ───────▶ exited ──▶ (start again)
 *                                      │  ▲  ╲ exit, policy says restart
 *                                pause ▼  │   ▶ restarting ──▶ starting
 *                                     paused
 *   any but running and paused ──remove──▶ removing ──▶ gone (dead when that fails)
 */
import type { ContainerId } from "../base/ids.ts";
import type { ContainerConfig, EndpointSettings, Health, NetworkingConfig } from "../wire/container.ts";
import type { HostConfig, PortBinding } from "../wire/host-config.ts";
import type { ContainerMount } from "./container-mount.ts";

export interface ContainerSpec {
  readonly id: ContainerId;
  /** RFC 3339 with nanoseconds. */
  readonly createdAt: string;
  /** "sha256:…", and the reference as the user wrote it. */
  readonly imageId: string;
  readonly imageRef: string;
  /** The first word of the command, and the rest. */
  readonly path: string;
  readonly args: readonly string[];
  /** The request merged with the image's configuration. */
  readonly config: ContainerConfig;
  readonly hostConfig: HostConfig;
  readonly networkingConfig: NetworkingConfig;
  /** All but those of `--tmpfs`; shallow destinations first, so that a mount never hides one that lies in it. */
  readonly mounts: readonly ContainerMount[];
}

/** A live process; its start time (clock ticks since boot) guards against a reused pid. */
export interface LiveProcess {
  readonly pid: number;
  readonly pidStart: number;
}

export type Phase =
  | { readonly at: "created" }
  | { readonly at: "starting" }
  | ({ readonly at: "running" } & LiveProcess)
  | ({ readonly at: "paused" } & LiveProcess)
  | { readonly at: "restarting" }
  | { readonly at: "exited" }
  | { readonly at: "removing" }
  | { readonly at: "dead" };

export interface ContainerState {
  readonly phase: Phase;
  /** Of the last run; the zero time when there was none. */
  readonly startedAt: string;
  readonly finishedAt: string;
  readonly exitCode: number;
  readonly oomKilled: boolean;
  /** Why the last start failed; "" when it did not. */
  readonly error: string;
  readonly restartCount: number;
  /** The user asked for it to be stopped: restart policies leave it alone until the next start. */
  readonly stopRequested: boolean;
  readonly health?: Health;
  readonly sandboxId: string;
  readonly endpoints: Readonly<Record<string, EndpointSettings>>;
  /** What the present run has published, and null for each port that is exposed only. */
  readonly ports: Readonly<Record<string, PortBinding[] | null>>;
}

export interface ContainerRecord {
  readonly name: string;
  readonly spec: ContainerSpec;
  readonly state: ContainerState;
}

export const ZERO_TIME = "0001-01-01T00:00:00Z";

export const INITIAL_STATE: ContainerState = {
  phase: { at: "created" },
  startedAt: ZERO_TIME,
  finishedAt: ZERO_TIME,
  exitCode: 0,
  oomKilled: false,
  error: "",
  restartCount: 0,
  stopRequested: false,
  sandboxId: "",
  endpoints: {},
  ports: {},
};
