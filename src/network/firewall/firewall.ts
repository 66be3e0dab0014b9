/**
 * The firewall of one engine: one nftables table of its own, changed element by element, and kept in place when somebody flushes the
 * ruleset of the machine. What it ought to be is known here, so that it can be made anew at any time in one transaction.
 */
import { writeFileSync } from "node:fs";
import { hasCode, messageOf } from "../../base/errors.ts";
import { isIPv4 } from "../../base/ip.ts";
import type { Logger } from "../../base/log.ts";
import type { Request } from "../../kernel/netlink/message.ts";
import { addElements, deleteElements, listRules, readRule, type Table, transact } from "../../kernel/netlink/nft.ts";
import { NftablesWatch } from "../../kernel/netlink/nft-watch.ts";
import { NETLINK, NetlinkSocket } from "../../kernel/netlink/socket.ts";
import type { PublishedPort } from "../ports/published-port.ts";
import { networkElements, type Placed, portElements } from "./elements.ts";
import { ForwardExceptions } from "./exceptions.ts";
import type { BridgePolicy } from "./policy.ts";
import { RULE_COUNT, SETS, toDeletion, toRuleset } from "./ruleset.ts";

/** A reload of another firewall comes as many changes; it is over when there is quiet for so long. */
const SETTLE_MS = 20;

export interface FirewallDeps {
  /** Of the table, and of our chain in those of others; no other engine's. */
  readonly name: string;
  readonly log: Logger;
}

export class Firewall {
  readonly #table: Table;
  readonly #log: Logger;
  readonly #socket = new NetlinkSocket(NETLINK.NETFILTER);
  readonly #exceptions: ForwardExceptions;
  readonly #networks = new Map<string, BridgePolicy>();
  readonly #published = new Map<string, PublishedPort>();
  /** Bridges whose containers the host reaches from its loopback addresses. */
  readonly #localnets = new Set<string>();
  #watch: NftablesWatch | undefined;
  #check: Timer | undefined;

  constructor({ name, log }: FirewallDeps) {
    this.#table = { family: "inet", name };
    this.#log = log;
    this.#exceptions = new ForwardExceptions(this.#socket, name);
  }

  /** The whole table in one transaction, in place of what is there; from then on it is seen to that it stays. */
  open(networks: readonly BridgePolicy[], published: readonly PublishedPort[]): void {
    for (const policy of networks) this.#networks.set(policy.bridge, policy);
    for (const port of published) this.#published.set(keyOf(port), port);
    this.#routeLoopback(published);
    this.#assert();
    this.#watch ??= new NftablesWatch(() => this.#checkSoon());
  }

  /** Replaces an earlier policy of the same bridge. */
  addNetwork(policy: BridgePolicy): void {
    const before = this.#networks.get(policy.bridge);
    this.#networks.set(policy.bridge, policy);
    this.#change(before === undefined ? [] : networkElements(before), networkElements(policy));
    this.#allowForwarding();
  }

  /** Idempotent. */
  removeNetwork(bridge: string): void {
    const policy = this.#networks.get(bridge);
    if (policy === undefined) return;
    this.#networks.delete(bridge);
    this.#localnets.delete(bridge);
    this.#change(networkElements(policy), []);
    this.#allowForwarding();
  }

  /** All of them or, with an error, none. */
  publish(ports: readonly PublishedPort[]): void {
    this.#routeLoopback(ports);
    for (const port of ports) this.#published.set(keyOf(port), port);
    try {
      this.#change([], ports.flatMap(portElements));
    } catch (error) {
      for (const port of ports) this.#published.delete(keyOf(port));
      throw error;
    }
  }

  /** Idempotent. */
  unpublish(ports: readonly PublishedPort[]): void {
    const known = ports.filter((port) => this.#published.delete(keyOf(port)));
    this.#change(known.flatMap(portElements), []);
  }

  /** No longer watched over; the table stays, for the containers that run on. */
  stop(): void {
    clearTimeout(this.#check);
    this.#watch?.close();
    this.#watch = undefined;
    this.#socket.close();
  }

  /** Nothing of it is left on the machine. */
  destroy(): void {
    this.#watch?.close();
    transact(this.#socket, toDeletion(this.#table));
    this.#exceptions.remove();
    this.stop();
  }

  #assert(): void {
    const placed = [
      ...[...this.#networks.values()].flatMap(networkElements),
      ...[...this.#published.values()].flatMap(portElements),
    ];
    transact(this.#socket, [...toRuleset(this.#table), ...this.#elementRequests(addElements, placed)]);
    this.#allowForwarding();
  }

  #change(removed: readonly Placed[], added: readonly Placed[]): void {
    try {
      transact(this.#socket, [
        ...this.#elementRequests(deleteElements, removed),
        ...this.#elementRequests(addElements, added),
      ]);
    } catch (error) {
      // Somebody was quicker than the watch.
      if (!hasCode(error, "ENOENT")) throw error;
      this.#assert();
    }
  }

  /** Ports that differ in their host addresses only have elements in common. */
  #elementRequests(toRequests: typeof addElements, placed: readonly Placed[]): Request[] {
    const bySet = Map.groupBy(placed, ({ set }) => set);
    return [...bySet].flatMap(([set, members]) => {
      const elements = new Map(members.map(({ element }) => [Buffer.concat(element.key).toString("hex"), element]));
      return toRequests(this.#table, SETS[set].name, [...elements.values()]);
    });
  }

  #allowForwarding(): void {
    const changed = this.#exceptions.allow([...this.#networks.keys()]);
    if (changed.length > 0) this.#log.debug("firewall.exceptions", { chains: changed });
  }

  /** Lets answers to 127.0.0.1 come in by these bridges; whatever else does is dropped by the table. */
  #routeLoopback(ports: readonly PublishedPort[]): void {
    for (const { bridge, hostIp, containerIp } of ports) {
      if (this.#localnets.has(bridge) || !isIPv4(hostIp) || !isIPv4(containerIp)) continue;
      if (hostIp !== "0.0.0.0" && !hostIp.startsWith("127.")) continue;
      writeFileSync(`/proc/sys/net/ipv4/conf/${bridge}/route_localnet`, "1");
      this.#localnets.add(bridge);
    }
  }

  #checkSoon(): void {
    this.#check ??= setTimeout(() => {
      this.#check = undefined;
      this.#mend();
    }, SETTLE_MS);
  }

  /** Makes anew what somebody has removed. */
  #mend(): void {
    try {
      if (!this.#isWhole()) {
        this.#assert();
        this.#log.warn("firewall.restored", { table: this.#table.name, networks: this.#networks.size });
      } else if (this.#exceptions.areMissing) {
        this.#allowForwarding();
        this.#log.warn("firewall.exceptions.restored", { networks: this.#networks.size });
      }
    } catch (error) {
      this.#log.error("firewall.restore.failed", { error: messageOf(error) });
    }
  }

  #isWhole(): boolean {
    const rules = this.#socket.dump(listRules(this.#table)).flatMap((message) => readRule(message) ?? []);
    return rules.length >= RULE_COUNT;
  }
}

const keyOf = ({ protocol, hostIp, hostPort, containerIp, containerPort }: PublishedPort): string =>
  `${protocol} ${hostIp} ${hostPort} ${hostPort === 0 ? `${containerIp} ${containerPort}` : ""}`;
