/** The firewall of one engine, as the rest of the room sees it. */
import type { PublishedPort } from "../ports/published-port.ts";
import type { BridgePolicy } from "./policy.ts";

export interface Firewall {
  /** The whole table in one transaction, in place of what is there; then sees to it that it stays. */
  open(networks: readonly BridgePolicy[], published: readonly PublishedPort[]): Promise<void>;
  /** Replaces an earlier policy of the same bridge. */
  addNetwork(policy: BridgePolicy): void;
  /** Idempotent. */
  removeNetwork(bridge: string): void;
  /** All of them or, with an error, none. */
  publish(ports: readonly PublishedPort[]): void;
  /** Idempotent. */
  unpublish(ports: readonly PublishedPort[]): void;
  /** No longer watched; the table stays, for the containers that run on. */
  stop(): void;
  /** Nothing of it is left on the machine. Idempotent. */
  destroy(): void;
}
