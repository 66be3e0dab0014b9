/**
 * What containers have of networks: the namespace until their process holds it, endpoints with their addresses, names. Everything that is
 * taken for a container is given back by release(), and found again by adopt() after a restart.
 */
import { forbidden, invalidParameter, systemError } from "../base/errors.ts";
import { type ContainerId, createId, shortId } from "../base/ids.ts";
import type { OwnedFd } from "../kernel/fd.ts";
import type { ContainerConfig, EndpointSettings } from "../wire/container.ts";
import { emptyEndpoint } from "../wire/empty.ts";
import type { HostConfig } from "../wire/host-config.ts";
import type { ContainerDns } from "./container-dns.ts";
import type { RemovedInterface } from "./device/plan.ts";
import type { NetworkWorker } from "./device/worker-client.ts";
import type { Resolver } from "./dns/resolver.ts";
import { hostNameOf } from "./drivers/bridge.ts";
import { byPrecedence, type Endpoint, leaseOf, toBareEndpoint, toInterface, toRoutes, toSettings } from "./endpoint.ts";
import type { LiveNetwork } from "./live-network.ts";
import type { Networks } from "./networks.ts";
import { type PortMap, type PortTarget, toPortMap } from "./ports/bindings.ts";
import type { PublishedPorts } from "./ports/ports.ts";
import { isSameTarget, type PublishingConnection, portTarget } from "./ports/target.ts";
import { keepsShortNames, upstreamsOf } from "./resolv-conf.ts";
import type { WarmPool } from "./warm-pool.ts";

/** What a container asks of its networks (the engine's ports.ts says more). */
export interface SandboxRequest {
  readonly name: string;
  readonly config: Pick<ContainerConfig, "Hostname" | "ExposedPorts">;
  readonly hostConfig: Pick<
    HostConfig,
    "NetworkMode" | "PortBindings" | "PublishAllPorts" | "Dns" | "DnsSearch" | "DnsOptions"
  >;
  readonly endpoints: Readonly<Record<string, EndpointSettings>>;
}

export interface Connections {
  readonly endpoints: Readonly<Record<string, EndpointSettings>>;
  readonly ports: PortMap;
}

export interface Sandbox extends Connections {
  /** A path that any process of the machine's root can open; undefined is the host's namespace. */
  readonly netnsPath: string | undefined;
  readonly sandboxId: string;
}

export interface SandboxesDeps {
  readonly networks: Networks;
  readonly worker: NetworkWorker;
  readonly resolver: Resolver;
  readonly dns: ContainerDns;
  readonly ports: PublishedPorts;
  /** Namespaces with nothing but loopback. */
  readonly bare: WarmPool<OwnedFd>;
}

interface Attached extends PublishingConnection {
  readonly live: LiveNetwork;
}

interface Use {
  request: SandboxRequest;
  /** By network name. */
  readonly attached: Map<string, Attached>;
  /** The connection to "none". */
  bare: EndpointSettings | undefined;
  netns: OwnedFd | undefined;
  pid: number | undefined;
  /** What is published, and where it leads. */
  ports: PortMap;
  target: PortTarget | undefined;
}

export class Sandboxes {
  readonly #deps: SandboxesDeps;
  readonly #uses = new Map<ContainerId, Use>();
  /** Adopted before the networks were opened. */
  readonly #waiting = new Map<ContainerId, Connections>();

  constructor(deps: SandboxesDeps) {
    this.#deps = deps;
  }

  /** Once every network is open. What was taken before is given back first; a failure leaves nothing taken. */
  async acquire(id: ContainerId, request: SandboxRequest): Promise<Sandbox> {
    this.release(id);
    const names = this.#ordered(request);
    if (names.includes("host")) return this.#hostSandbox(names, request);
    const use = newUse(request);
    this.#uses.set(id, use);
    try {
      const netns = await this.#makeNamespace(id, use, names);
      use.netns = netns;
      const netnsPath = `/proc/${process.pid}/fd/${netns.fd}`;
      await this.#publish(id, use);
      await this.#serveNames(id, use, netnsPath);
      return { netnsPath, sandboxId: createId(), ...this.#connectionsOf(id, use) };
    } catch (error) {
      this.release(id);
      throw error;
    }
  }

  /** The container's process holds the namespace from now on. */
  handedOver(id: ContainerId, pid: number): void {
    const use = this.#uses.get(id);
    if (use === undefined) return;
    use.netns?.close();
    use.pid = pid;
    this.#deps.resolver.hold(id, pid);
  }

  /** Idempotent. */
  release(id: ContainerId): void {
    this.#waiting.delete(id);
    const use = this.#uses.get(id);
    if (use === undefined) return;
    this.#uses.delete(id);
    use.netns?.close();
    this.#deps.ports.unpublish(id);
    for (const attached of use.attached.values()) this.#detach(id, attached);
    this.#deps.resolver.forget(id);
  }

  /** Remembers the connections of a container of an earlier engine until settleAdopted(). */
  adopt(id: ContainerId, request: SandboxRequest, connections: Connections): void {
    this.#uses.set(id, newUse(request));
    this.#waiting.set(id, connections);
  }

  /** Once every network is open: the addresses, ports and names of what was adopted are taken. */
  settleAdopted(): void {
    for (const [id, connections] of this.#waiting) {
      const use = this.#uses.get(id);
      if (use !== undefined) this.#settle(id, use, connections);
    }
    this.#waiting.clear();
  }

  /** Puts a running container on one more network. */
  async connect(id: ContainerId, live: LiveNetwork, wanted: EndpointSettings): Promise<Connections> {
    const { use, path } = this.#running(id);
    const { name } = live.record;
    if (use.attached.has(name)) {
      throw forbidden(`endpoint with name ${use.request.name} already exists in network ${name}`);
    }
    const attached = this.#attach(id, use, live, live.createEndpoint(wanted));
    try {
      const add = toInterface(attached.endpoint, live.device);
      await this.#deps.worker.changeNamespace(path, { add, routes: toRoutes([...use.attached.values()]) });
    } catch (error) {
      use.attached.delete(name);
      this.#detach(id, attached);
      throw error;
    }
    await this.#publish(id, use);
    await this.#serveNames(id, use, path);
    return this.#connectionsOf(id, use);
  }

  /** Takes a running container off the network of this name, which it is on. */
  async disconnect(id: ContainerId, name: string): Promise<Connections> {
    const { use, path } = this.#running(id);
    const attached = use.attached.get(name);
    if (attached === undefined) {
      if (name === "none") use.bare = undefined;
      return this.#connectionsOf(id, use);
    }
    use.attached.delete(name);
    try {
      const routes = toRoutes([...use.attached.values()]);
      await this.#deps.worker.changeNamespace(path, { remove: removedInterface(attached), routes });
    } catch (error) {
      use.attached.set(name, attached);
      throw error;
    }
    this.#detach(id, attached);
    await this.#publish(id, use);
    await this.#serveNames(id, use, path);
    return this.#connectionsOf(id, use);
  }

  /** The endpoints with their new names. */
  rename(id: ContainerId, name: string): Connections["endpoints"] {
    const use = this.#uses.get(id);
    if (use === undefined) return {};
    use.request = { ...use.request, name };
    for (const attached of use.attached.values()) {
      attached.live.users.set(id, { name, endpointId: attached.endpoint.id });
      this.#tellNames(id, use, attached);
    }
    return this.#connectionsOf(id, use).endpoints;
  }

  #hostSandbox(names: readonly string[], { hostConfig }: SandboxRequest): Sandbox {
    if (hostConfig.NetworkMode !== "host") throw notHostMode();
    if (names.length > 1) throw sharedNamespace();
    const endpoints = { host: toBareEndpoint(this.#deps.networks.find("host").id) };
    return { netnsPath: undefined, sandboxId: createId(), endpoints, ports: {} };
  }

  /** The network of the mode has the first interface, the others follow by their names. */
  #ordered({ endpoints, hostConfig }: SandboxRequest): string[] {
    const names = Object.keys(endpoints);
    if (names.length < 2) return names;
    const mode = hostConfig.NetworkMode;
    const first = names.includes(mode) ? mode : this.#deps.networks.find(mode).name;
    return names.sort((a, b) => Number(b === first) - Number(a === first) || (a < b ? -1 : 1));
  }

  async #makeNamespace(id: ContainerId, use: Use, names: readonly string[]): Promise<OwnedFd> {
    if (names.includes("none")) return this.#makeIsolated(use, names);
    if (names.length === 0) return this.#deps.bare.take();
    const places = await Promise.all(names.map((name) => this.#enter(id, use, name)));
    const [only] = places;
    if (only !== undefined && places.length === 1 && only.live.suits(only.wanted)) {
      const { netns, endpoint } = await only.live.takeSpare();
      this.#attach(id, use, only.live, { ...endpoint, wanted: only.wanted });
      return netns;
    }
    for (const { live, wanted } of places) this.#attach(id, use, live, live.createEndpoint(wanted));
    const all = [...use.attached.values()];
    const interfaces = all.map(({ endpoint, live }) => toInterface(endpoint, live.device));
    return this.#deps.worker.createNamespace({ interfaces, routes: toRoutes(all) });
  }

  #makeIsolated(use: Use, names: readonly string[]): OwnedFd | Promise<OwnedFd> {
    if (names.length > 1) throw noneAndOthers();
    use.bare = toBareEndpoint(this.#deps.networks.find("none").id);
    return this.#deps.bare.take();
  }

  /** The network that the container means; from now on it cannot be removed. */
  async #enter(
    id: ContainerId,
    { request }: Use,
    name: string,
  ): Promise<{ readonly live: LiveNetwork; readonly wanted: EndpointSettings }> {
    const wanted = request.endpoints[name] ?? emptyEndpoint();
    const live = this.#deps.networks.live(this.#deps.networks.find(wanted.NetworkID || name));
    live.users.set(id, { name: request.name, endpointId: "" });
    try {
      await live.open();
    } catch (error) {
      live.users.delete(id);
      throw error;
    }
    return { live, wanted };
  }

  #attach(id: ContainerId, use: Use, live: LiveNetwork, endpoint: Endpoint): Attached {
    const { policy, hostBinding } = live.device;
    const attached = { ...live.connected(endpoint), live, policy, hostBinding };
    use.attached.set(live.record.name, attached);
    live.users.set(id, { name: use.request.name, endpointId: endpoint.id });
    this.#tellNames(id, use, attached);
    return attached;
  }

  #detach(id: ContainerId, { live, endpoint }: Attached): void {
    this.#deps.resolver.drop(endpoint.id);
    live.users.delete(id);
    live.releaseEndpoint(endpoint);
    if (!isFixed(endpoint.wanted) || live.record.driver !== "bridge") return;
    // Its next run has the same address: by then this one must not answer for it any more.
    void this.#deps.worker.deletePair(hostNameOf(endpoint.id)).catch(() => undefined);
  }

  #settle(id: ContainerId, use: Use, { endpoints, ports }: Connections): void {
    const { networks } = this.#deps;
    for (const [name, settings] of Object.entries(endpoints)) {
      const record = networks.all().find((network) => network.id === settings.NetworkID);
      if (name === "none") use.bare = settings;
      if (record === undefined || name === "none" || name === "host") continue;
      const live = networks.live(record);
      const lease = leaseOf(settings);
      live.adopt(lease);
      const wanted = use.request.endpoints[name] ?? emptyEndpoint();
      this.#attach(id, use, live, { id: settings.EndpointID, lease, mac: settings.MacAddress || undefined, wanted });
    }
    use.ports = ports;
    use.target = portTarget([...use.attached.values()]);
    if (use.target !== undefined) this.#deps.ports.adopt(id, use.target, ports);
    if (use.pid === undefined) return;
    // Nobody waits: the resolver's own start is waited for.
    void this.#serveNames(id, use, pathOf(use.pid)).catch(() => undefined);
    this.#deps.resolver.hold(id, use.pid);
  }

  #running(id: ContainerId): { readonly use: Use; readonly path: string } {
    const use = this.#uses.get(id);
    if (use?.pid === undefined) throw systemError(`container ${id} has no network namespace of its own`);
    return { use, path: pathOf(use.pid) };
  }

  /** The ports follow the endpoint by which the container reaches the world. */
  async #publish(id: ContainerId, use: Use): Promise<void> {
    const { ports } = this.#deps;
    const target = portTarget([...use.attached.values()]);
    if (isSameTarget(use.target, target)) return;
    ports.unpublish(id);
    use.target = target;
    use.ports = target === undefined ? toPortMap([], use.request.config) : await ports.publish(id, target, use.request);
  }

  #connectionsOf(id: ContainerId, { request, attached, bare, ports }: Use): Connections {
    const { networks } = this.#deps;
    const entries = [...attached].map(([name, { live, endpoint }]): [string, EndpointSettings] => [
      name,
      toSettings(live.record.id, endpoint, hasNames(networks, live) ? namesOf(id, request, endpoint.wanted) : null),
    ]);
    return { endpoints: { ...Object.fromEntries(entries), ...(bare === undefined ? {} : { none: bare }) }, ports };
  }

  #tellNames(id: ContainerId, { request }: Use, { live, endpoint }: Attached): void {
    const { networks, resolver } = this.#deps;
    if (!hasNames(networks, live)) return;
    const { ipv4, ipv6 } = endpoint.lease;
    resolver.put({
      endpointId: endpoint.id,
      networkId: live.record.id,
      addresses: [ipv4, ipv6].flatMap((leased) => (leased === undefined ? [] : [leased.address])),
      names: namesOf(id, request, endpoint.wanted),
    });
  }

  /** The container asks our resolver as long as it is on a network that knows names. */
  async #serveNames(id: ContainerId, use: Use, netnsPath: string): Promise<void> {
    const { networks, resolver, dns } = this.#deps;
    const all = [...use.attached.values()];
    const named = all.filter(({ live }) => hasNames(networks, live)).sort(byPrecedence);
    if (named.length === 0) return resolver.forget(id);
    const { endpoints } = this.#connectionsOf(id, use);
    const conf = dns({ hostConfig: use.request.hostConfig, endpoints });
    await resolver.serve({
      id,
      netnsPath,
      networks: named.map(({ live: { record }, endpoint }) => ({
        id: record.id,
        name: record.name,
        links: linksOf(endpoint.wanted),
      })),
      upstreams: upstreamsOf(conf),
      forward: all.some(({ internal }) => !internal),
      ndots: keepsShortNames(conf),
    });
  }
}

const newUse = (request: SandboxRequest): Use => ({
  request,
  attached: new Map(),
  bare: undefined,
  netns: undefined,
  pid: undefined,
  ports: {},
  target: undefined,
});

const pathOf = (pid: number): string => `/proc/${pid}/ns/net`;

/** On the predefined networks no names are known. */
const hasNames = (networks: Networks, { record }: LiveNetwork): boolean => !networks.isPredefined(record);

/** Those its neighbours find it by: its name, its aliases, its short id, its host name. */
function namesOf(id: ContainerId, { name, config }: SandboxRequest, { Aliases }: EndpointSettings): string[] {
  return [...new Set([name, ...(Aliases ?? []), shortId(id), config.Hostname])].filter((each) => each !== "");
}

/** "db:database" as database -> db; without an alias the name stands for itself. */
function linksOf({ Links }: EndpointSettings): Record<string, string> {
  return Object.fromEntries(
    (Links ?? []).map((link) => {
      const [name = "", alias = name] = link.split(":");
      return [alias, name];
    }),
  );
}

const isFixed = ({ IPAMConfig, MacAddress }: EndpointSettings): boolean =>
  MacAddress !== "" || Boolean(IPAMConfig?.IPv4Address || IPAMConfig?.IPv6Address);

function removedInterface({ live, endpoint: { id, lease } }: Attached): RemovedInterface {
  if (live.record.driver === "bridge") return { hostName: hostNameOf(id) };
  return { address: lease.ipv4?.address ?? lease.ipv6?.address ?? "" };
}

export const notHostMode = () =>
  invalidParameter("cannot connect container to host network - container must be created in host network mode");
export const sharedNamespace = () =>
  invalidParameter(
    "container sharing network namespace with another container or host cannot be connected to any other network",
  );
export const noneAndOthers = () =>
  invalidParameter(
    "container cannot be connected to multiple networks with one of the networks in private (none) mode",
  );
