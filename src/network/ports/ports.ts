/**
 * Published ports: chosen, held by the relay, led to their containers by the firewall, and given back. Docker's rules and words
 * (moby libnetwork/drivers/bridge/port_mapping_linux.go of v28).
 */
import { readFileSync } from "node:fs";
import { messageOf, systemError } from "../../base/errors.ts";
import type { ContainerId } from "../../base/ids.ts";
import type { ChangedPort } from "../device/stale-flows.ts";
import type { Firewall } from "../firewall/firewall.ts";
import { type Binding, fromPortMap, type PortMap, type PortTarget, toBindings, toPortMap } from "./bindings.ts";
import { type PortRange, PortTable } from "./port-table.ts";
import type { PublishedPort } from "./published-port.ts";
import { PortUnavailable, type Relay } from "./relay.ts";
import { type PortRequest, type PortsWanted, portRequests } from "./requests.ts";

export interface PublishedPortsDeps {
  readonly firewall: Pick<Firewall, "publish" | "unpublish">;
  readonly relay: Pick<Relay, "open" | "close" | "expect">;
  /** What clients of UDP ports send goes where the ports lead now. Nobody waits for it. */
  readonly redirect: (ports: readonly ChangedPort[]) => void;
}

const LOCAL_PORT_RANGE = "/proc/sys/net/ipv4/ip_local_port_range";
const INTERFACES_V6 = "/proc/net/if_inet6";
const LOOPBACK_V6 = /^0{31}1 /m;
/** For a port of many that others on the machine may have. */
const ATTEMPTS = 500;
const PORTS_A_TURN = 200;

export class PublishedPorts {
  readonly #deps: PublishedPortsDeps;
  readonly #table = new PortTable();
  readonly #published = new Map<ContainerId, readonly PublishedPort[]>();

  constructor(deps: PublishedPortsDeps) {
    this.#deps = deps;
  }

  /** Of all containers, for the firewall's start. */
  all(): PublishedPort[] {
    return [...this.#published.values()].flat();
  }

  /** Publishes what the container asks for, or nothing of it. Throws a system error in Docker's words. */
  async publish(id: ContainerId, target: PortTarget, wanted: PortsWanted): Promise<PortMap> {
    const requests = portRequests(wanted);
    if (requests.length === 0) return toPortMap([], wanted.config);
    try {
      const published = await this.#publish(toBindings(requests, target, hasIpv6()));
      this.#published.set(id, published);
      return toPortMap(published, wanted.config);
    } catch (error) {
      const endpoint = `${wanted.name} (${target.endpointId})`;
      const message = `driver failed programming external connectivity on endpoint ${endpoint}: ${messageOf(error)}`;
      throw systemError(message, { cause: error });
    }
  }

  /** After a restart of the engine: published since an earlier one. */
  adopt(id: ContainerId, target: PortTarget, ports: PortMap): void {
    const published = fromPortMap(ports, target);
    const held = published.filter(isHeld);
    for (const { protocol, hostIp, hostPort } of held) this.#table.adopt({ protocol, hostIps: [hostIp] }, hostPort);
    this.#deps.relay.expect(held);
    this.#published.set(id, published);
  }

  /** Idempotent. */
  unpublish(id: ContainerId): void {
    const published = this.#published.get(id);
    if (published === undefined) return;
    this.#published.delete(id);
    this.#deps.firewall.unpublish(published);
    this.#giveBack(published.filter(isHeld));
    this.#redirect(published, false);
  }

  #redirect(ports: readonly PublishedPort[], isPublished: boolean): void {
    const changed = ports.filter(({ protocol, hostPort }) => protocol === "udp" && hostPort !== 0);
    if (changed.length === 0) return;
    this.#deps.redirect(changed.map(({ hostPort, containerIp }) => ({ hostPort, containerIp, isPublished })));
  }

  async #publish(bindings: readonly Binding[]): Promise<PublishedPort[]> {
    const reserved: PublishedPort[] = [];
    using undo = new DisposableStack();
    undo.defer(() => this.#giveBack(reserved));
    await this.#reserveExact(bindings.filter(isExact), reserved);
    for (const binding of bindings.filter((each) => !isExact(each))) await this.#reserveOneOf(binding, reserved);
    const published = [...bindings.flatMap(({ routed }) => routed), ...reserved];
    undo.defer(() => this.#deps.firewall.unpublish(published));
    await this.#lead(published);
    undo.move();
    this.#redirect(published, true);
    return published;
  }

  /** Many are led bit by bit, as each transaction keeps the engine from everything else. */
  async #lead(ports: readonly PublishedPort[]): Promise<void> {
    for (let at = 0; at < ports.length; at += PORTS_A_TURN) {
      if (at > 0) await new Promise((resolve) => setImmediate(resolve));
      this.#deps.firewall.publish(ports.slice(at, at + PORTS_A_TURN));
    }
  }

  #giveBack(held: readonly PublishedPort[]): void {
    this.#deps.relay.close(held);
    for (const { protocol, hostIp, hostPort } of held) this.#table.release({ protocol, hostIps: [hostIp] }, hostPort);
  }

  /** All that leave no choice, by one exchange with the relay. */
  async #reserveExact(bindings: readonly Binding[], reserved: PublishedPort[]): Promise<void> {
    for (const { request, held } of bindings) {
      const hostPort = request.firstHostPort;
      for (const port of held) {
        this.#table.take({ protocol: port.protocol, hostIps: [port.hostIp] }, hostPort);
        reserved.push({ ...port, hostPort });
      }
    }
    try {
      await this.#deps.relay.open(reserved);
    } catch (error) {
      throw error instanceof PortUnavailable ? bindFailure(error) : error;
    }
  }

  /** The first port of the range that can be had on every address. */
  async #reserveOneOf({ request, held }: Binding, reserved: PublishedPort[]): Promise<void> {
    if (held.length === 0) return;
    const choice = { protocol: request.protocol, hostIps: held.map(({ hostIp }) => hostIp) };
    const range = rangeOf(request);
    const attempts = Math.min(ATTEMPTS, range.last - range.first + 1);
    for (let attempt = 1; ; attempt++) {
      const hostPort = this.#table.takeNext(choice, range);
      const ports = held.map((port) => ({ ...port, hostPort }));
      try {
        await this.#deps.relay.open(ports);
        reserved.push(...ports);
        return;
      } catch (error) {
        this.#table.release(choice, hostPort);
        if (!(error instanceof PortUnavailable)) throw error;
        if (attempt === attempts) throw bindFailure(error, range);
      }
    }
  }
}

/** Leaves no choice of the host's port. */
const isExact = ({ request: { firstHostPort, lastHostPort } }: Binding): boolean =>
  firstHostPort !== 0 && firstHostPort === lastHostPort;

/** Of the host's ports, one leads there. */
const isHeld = ({ hostPort }: PublishedPort): boolean => hostPort !== 0;

function rangeOf({ firstHostPort, lastHostPort }: PortRequest): PortRange {
  if (firstHostPort !== 0) return { first: firstHostPort, last: lastHostPort };
  const [first = 32768, last = 60999] = readFileSync(LOCAL_PORT_RANGE, "utf8").split(/\s+/).map(Number);
  return { first, last };
}

/** The host has IPv6, and has not switched it off. */
function hasIpv6(): boolean {
  try {
    return LOOPBACK_V6.test(readFileSync(INTERFACES_V6, "utf8"));
  } catch {
    return false;
  }
}

const MEANING: Readonly<Record<string, string>> = {
  EADDRINUSE: "address already in use",
  EADDRNOTAVAIL: "cannot assign requested address",
  EACCES: "permission denied",
};

/** As Go prints it; with a range, the port that was tried last stands before. */
function bindFailure({ port, code }: PortUnavailable, range?: PortRange): Error {
  const isWide = range !== undefined && range.first !== range.last;
  const hostPorts = isWide ? `${range.first}-${range.last}` : port.hostPort;
  const tried = isWide ? ` ${port.hostPort}` : "";
  const host = `${bracketed(port.hostIp)}:${hostPorts}`;
  const container = `${bracketed(port.containerIp)}:${port.containerPort}/${port.protocol}`;
  return systemError(`failed to bind host port${tried} for ${host}:${container}: ${MEANING[code] ?? code}`);
}

const bracketed = (ip: string): string => (ip.includes(":") ? `[${ip}]` : ip);
