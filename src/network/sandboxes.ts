/**
 * What containers have of networks: the namespace until their process holds it, endpoints with their addresses, ports, names. Everything that
 * is taken for a container is given back by release(), and found again by adopt() after a restart.
 */
import { forbidden, systemError } from "../base/errors.ts";
import { type ContainerId, createId } from "../base/ids.ts";
import type { OwnedFd } from "../kernel/fd.ts";
import type { EndpointSettings } from "../wire/container.ts";
import { emptyEndpoint } from "../wire/empty.ts";
import type { ContainerNames } from "./container-names.ts";
import { patiently } from "./device/patience.ts";
import type { DefaultRoutesPlan } from "./device/plan.ts";
import type { NetworkWorker } from "./device/worker-client.ts";
import { type Endpoint, leaseOf, toBareEndpoint, toInterface, toRoutes } from "./endpoint.ts";
import type { LiveNetwork } from "./live-network.ts";
import { noneAndOthers, notHostMode, sharedNamespace } from "./messages.ts";
import type { Networks } from "./networks.ts";
import type { PublishedPorts } from "./ports/ports.ts";
import { isSameTarget, portTarget } from "./ports/target.ts";
import { type Attached, type Connections, newUse, type Sandbox, type SandboxRequest, type Use } from "./use.ts";
import type { WarmPool } from "./warm-pool.ts";

export interface SandboxesDeps {
  readonly networks: Networks;
  readonly worker: NetworkWorker;
  readonly names: ContainerNames;
  readonly ports: PublishedPorts;
  /** Namespaces with nothing but loopback. */
  readonly bare: WarmPool<OwnedFd>;
}

export class Sandboxes {
  readonly #deps: SandboxesDeps;
  readonly #uses = new Map<ContainerId, Use>();
  /** Adopted before the networks were opened. */
  readonly #waiting = new Map<ContainerId, Connections>();
  /** Settles when what a container had is free: its next run may have the same. */
  readonly #leaving = new Map<ContainerId, Promise<void>>();

  constructor(deps: SandboxesDeps) {
    this.#deps = deps;
  }

  /** Once every network is open. What was taken before is given back first; a failure leaves nothing taken. */
  async acquire(id: ContainerId, request: SandboxRequest): Promise<Sandbox> {
    this.release(id);
    await this.#leaving.get(id);
    const names = this.#ordered(request);
    if (names.includes("host")) return this.#hostSandbox(names, request);
    const use = newUse(id, request);
    this.#uses.set(id, use);
    try {
      use.netns = await this.#makeNamespace(use, names);
      const netnsPath = `/proc/${process.pid}/fd/${use.netns.fd}`;
      await this.#publish(use);
      await this.#deps.names.serve(use, netnsPath);
      return { netnsPath, sandboxId: createId(), ...this.#connectionsOf(use) };
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
    this.#deps.names.hold(id, pid);
  }

  /** Idempotent. */
  release(id: ContainerId): void {
    this.#waiting.delete(id);
    const use = this.#uses.get(id);
    if (use === undefined) return;
    this.#uses.delete(id);
    use.netns?.close();
    this.#deps.ports.unpublish(id);
    for (const attached of use.attached.values()) void this.#detach(use, attached);
    for (const live of use.entered) live.users.delete(id);
    this.#deps.names.forget(id);
  }

  /** Remembers the connections of a container of an earlier engine until settleAdopted(). */
  adopt(id: ContainerId, request: SandboxRequest, connections: Connections): void {
    this.#uses.set(id, newUse(id, request));
    this.#waiting.set(id, connections);
  }

  /** Once every network is open: the addresses, ports and names of what was adopted are taken. */
  settleAdopted(): void {
    for (const [id, connections] of this.#waiting) {
      const use = this.#uses.get(id);
      if (use !== undefined) this.#settle(use, connections);
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
    const attached = this.#attach(use, live, await live.createEndpoint(wanted));
    const add = toInterface(attached.endpoint, live.device);
    const routes = toRoutes([...use.attached.values()]);
    const [plugged, named] = await Promise.allSettled([
      patiently(() => this.#deps.worker.changeNamespace(path, { add, routes })),
      this.#deps.names.serve(use, path),
    ]);
    if (plugged.status === "rejected") {
      use.attached.delete(name);
      await Promise.allSettled([this.#detach(use, attached), this.#deps.names.serve(use, path)]);
      throw plugged.reason;
    }
    try {
      if (named.status === "rejected") throw named.reason;
      await this.#publish(use);
      return this.#connectionsOf(use);
    } catch (error) {
      await this.disconnect(id, name);
      throw error;
    }
  }

  /** Takes a running container off the network of this name, which it is on. */
  async disconnect(id: ContainerId, name: string): Promise<Connections> {
    const { use, path } = this.#running(id);
    const attached = use.attached.get(name);
    if (attached === undefined) {
      if (name === "none") use.bare = undefined;
      return this.#connectionsOf(use);
    }
    const before = toRoutes([...use.attached.values()]);
    use.attached.delete(name);
    const routes = toRoutes([...use.attached.values()]);
    if (attached.live.record.driver === "bridge") {
      // At once: the interface takes what is left of its routes with it.
      const rerouted = Bun.deepEquals(before, routes) ? undefined : this.#deps.worker.changeNamespace(path, { routes });
      await Promise.all([this.#detach(use, attached), rerouted, this.#deps.names.serve(use, path)]);
    } else {
      await this.#unplug(use, path, attached, routes);
      await this.#deps.names.serve(use, path);
    }
    await this.#publish(use);
    return this.#connectionsOf(use);
  }

  /** The endpoints with their new names. */
  rename(id: ContainerId, name: string): Connections["endpoints"] {
    const use = this.#uses.get(id);
    if (use === undefined) return {};
    use.request = { ...use.request, name };
    for (const attached of use.attached.values()) {
      attached.live.users.set(id, { name, endpointId: attached.endpoint.id });
      this.#deps.names.put(use, attached);
    }
    return this.#deps.names.settingsOf(use);
  }

  /** An interface that can be got at from inside only. */
  async #unplug(use: Use, path: string, attached: Attached, routes: DefaultRoutesPlan): Promise<void> {
    const { ipv4, ipv6 } = attached.endpoint.lease;
    try {
      await this.#deps.worker.changeNamespace(path, { remove: ipv4?.address ?? ipv6?.address ?? "", routes });
    } catch (error) {
      use.attached.set(attached.network, attached);
      throw error;
    }
    await this.#detach(use, attached);
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

  async #makeNamespace(use: Use, names: readonly string[]): Promise<OwnedFd> {
    const { bare, networks, worker } = this.#deps;
    if (names.includes("none")) {
      if (names.length > 1) throw noneAndOthers();
      use.bare = toBareEndpoint(networks.find("none").id);
    }
    if (names.length === 0 || use.bare !== undefined) return bare.take();
    const places = await Promise.all(names.map((name) => this.#enter(use, name)));
    const [only] = places;
    if (only !== undefined && places.length === 1 && only.live.suits(only.wanted)) {
      const { netns, endpoint } = await only.live.takeSpare();
      this.#attach(use, only.live, { ...endpoint, wanted: only.wanted });
      return netns;
    }
    for (const { live, wanted } of places) this.#attach(use, live, await live.createEndpoint(wanted));
    const all = [...use.attached.values()];
    const interfaces = all.map(({ endpoint, live }) => toInterface(endpoint, live.device));
    return patiently(() => worker.createNamespace({ interfaces, routes: toRoutes(all) }));
  }

  /** The network that the container means; from now on it cannot be removed. */
  async #enter(
    { id, request, entered }: Use,
    name: string,
  ): Promise<{ readonly live: LiveNetwork; readonly wanted: EndpointSettings }> {
    const { networks } = this.#deps;
    const wanted = request.endpoints[name] ?? emptyEndpoint();
    const live = networks.live(networks.find(wanted.NetworkID || name));
    live.users.set(id, { name: request.name, endpointId: "" });
    entered.add(live);
    await live.open();
    return { live, wanted };
  }

  #attach(use: Use, live: LiveNetwork, endpoint: Endpoint): Attached {
    const { policy, hostBinding } = live.device;
    const attached = { ...live.connected(endpoint), live, policy, hostBinding };
    use.attached.set(live.record.name, attached);
    use.entered.add(live);
    live.users.set(use.id, { name: use.request.name, endpointId: endpoint.id });
    this.#deps.names.put(use, attached);
    return attached;
  }

  /** Resolves when the interface and its addresses are free. */
  #detach({ id, entered }: Use, attached: Attached): Promise<void> {
    const { live, endpoint } = attached;
    this.#deps.names.drop(attached);
    live.users.delete(id);
    entered.delete(live);
    const leaving = Promise.all([this.#leaving.get(id), live.leave(endpoint)]).then(() => {
      if (this.#leaving.get(id) === leaving) this.#leaving.delete(id);
    });
    this.#leaving.set(id, leaving);
    return leaving;
  }

  #settle(use: Use, { endpoints, ports }: Connections): void {
    const { networks, names } = this.#deps;
    use.bare = endpoints["none"];
    for (const [name, settings] of Object.entries(endpoints)) {
      const live = networks.allLive.find(({ record }) => record.id === settings.NetworkID);
      if (live === undefined) continue;
      const lease = leaseOf(settings);
      live.adopt(lease);
      const wanted = use.request.endpoints[name] ?? emptyEndpoint();
      this.#attach(use, live, { id: settings.EndpointID, lease, mac: settings.MacAddress || undefined, wanted });
    }
    use.ports = ports;
    use.target = portTarget([...use.attached.values()]);
    if (use.target !== undefined) this.#deps.ports.adopt(use.id, use.target, ports);
    if (use.pid === undefined) return;
    // Nobody waits: the resolver's own start is waited for.
    void names.serve(use, pathOf(use.pid)).catch(() => undefined);
    names.hold(use.id, use.pid);
  }

  #running(id: ContainerId): { readonly use: Use; readonly path: string } {
    const use = this.#uses.get(id);
    if (use?.pid === undefined) throw systemError(`container ${id} has no network namespace of its own`);
    return { use, path: pathOf(use.pid) };
  }

  /** The ports follow the endpoint by which the container reaches the world. */
  async #publish(use: Use): Promise<void> {
    const { ports } = this.#deps;
    const target = portTarget([...use.attached.values()]);
    if (isSameTarget(use.target, target)) return;
    ports.unpublish(use.id);
    use.target = target;
    use.ports = target === undefined ? {} : await ports.publish(use.id, target, use.request);
  }

  #connectionsOf(use: Use): Connections {
    return { endpoints: this.#deps.names.settingsOf(use), ports: use.ports };
  }
}

const pathOf = (pid: number): string => `/proc/${pid}/ns/net`;
