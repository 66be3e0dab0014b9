/** Name resolution for containers on user-defined networks, as the rest of the room sees it: who is served, and which names there are. */
import type { ContainerId } from "../../base/ids.ts";

/** A server that answers for names which are not ours. */
export interface Upstream {
  /** IPv4 or IPv6. */
  readonly address: string;
  /** Asked from the host's namespace, as the host's own servers are; otherwise from the container's (`--dns`). */
  readonly fromHost: boolean;
}

/** A network that a container is on, as the container sees it. */
export interface ServedNetwork {
  readonly id: string;
  /** Resolves `web.<name>`. */
  readonly name: string;
  /** Legacy links of this container on this network: alias -> name of the linked container. */
  readonly links: Readonly<Record<string, string>>;
}

/** A network namespace in which 127.0.0.11 answers. */
export interface ServedSandbox {
  readonly id: ContainerId;
  /** Opened before `serve` settles; need not last longer. */
  readonly netnsPath: string;
  /** In Docker's order of precedence (gateway priority, internal ones last, then by name): the first that has a name answers. */
  readonly networks: readonly ServedNetwork[];
  /** At most three are asked, in this order. */
  readonly upstreams: readonly Upstream[];
  /** False on internal networks only: servers of the host are never asked then. */
  readonly forward: boolean;
  /** The container's options set `ndots` to 1 or more: names without a dot are not forwarded. */
  readonly ndots: boolean;
}

/** What one endpoint is called on its network. */
export interface DnsRecord {
  readonly endpointId: string;
  readonly networkId: string;
  /** IPv4 and IPv6, without a prefix length. */
  readonly addresses: readonly string[];
  /** Without regard to case. The first is the container's name and what a reverse look-up returns. */
  readonly names: readonly string[];
}

export interface Resolver {
  /** Answers in this namespace, or serves it by new settings. Idempotent. Rejects when the namespace cannot be entered. */
  serve(sandbox: ServedSandbox): Promise<void>;
  /** Replaces what the endpoint was called before. */
  put(record: DnsRecord): void;
  /** Idempotent. */
  drop(endpointId: string): void;
  /** The container's process; when it ends the namespace is let go of, whether an engine sees that or not. */
  hold(id: ContainerId, pid: number): void;
  /** Answers no longer in the container's namespace, and lets go of it. Idempotent. */
  forget(id: ContainerId): void;
  /** Once everything that runs has been told: finds the process of an earlier engine again, and brings it in line. */
  start(): Promise<void>;
  /** The process goes on for the containers that are still served, and ends without any. */
  stop(): Promise<void>;
}
