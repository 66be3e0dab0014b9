/** Under which names the neighbours of a container find it, and whom it finds by names. On the predefined networks no names are known. */
import { type ContainerId, shortId } from "../base/ids.ts";
import type { EndpointSettings } from "../wire/container.ts";
import type { ContainerDns } from "./container-dns.ts";
import type { Resolver, ServedSandbox } from "./dns/types.ts";
import { byPrecedence, toSettings } from "./endpoint.ts";
import type { Networks } from "./networks.ts";
import { keepsShortNames, upstreamsOf } from "./resolv-conf.ts";
import type { Attached, Connections, SandboxRequest, Use } from "./use.ts";

export interface ContainerNamesDeps {
  readonly networks: Networks;
  readonly resolver: Resolver;
  readonly dns: ContainerDns;
}

export class ContainerNames {
  readonly #deps: ContainerNamesDeps;
  /** Of those whose resolv.conf names our resolver; it stays so until they end. */
  readonly #asking = new Map<ContainerId, Pick<ServedSandbox, "upstreams" | "ndots">>();

  constructor(deps: ContainerNamesDeps) {
    this.#deps = deps;
  }

  /** What inspect shows of a container's connections. */
  settingsOf(use: Use): Connections["endpoints"] {
    const entries = [...use.attached].map(([name, attached]): [string, EndpointSettings] => {
      const { live, endpoint } = attached;
      const names = this.#hasNames(attached) ? namesOf(use.id, use.request, endpoint.wanted) : null;
      return [name, toSettings(live.record.id, endpoint, names)];
    });
    return { ...Object.fromEntries(entries), ...(use.bare === undefined ? {} : { none: use.bare }) };
  }

  /** Tells the names of one connection. */
  put(use: Use, attached: Attached): void {
    if (!this.#hasNames(attached)) return;
    const { id, lease, wanted } = attached.endpoint;
    this.#deps.resolver.put({
      endpointId: id,
      networkId: attached.live.record.id,
      addresses: [lease.ipv4, lease.ipv6].flatMap((leased) => (leased === undefined ? [] : [leased.address])),
      names: namesOf(use.id, use.request, wanted),
    });
  }

  /** Idempotent. */
  drop({ endpoint }: Attached): void {
    this.#deps.resolver.drop(endpoint.id);
  }

  /** The container asks our resolver once it has been on a network that knows names. */
  async serve(use: Use, netnsPath: string): Promise<void> {
    const all = [...use.attached.values()];
    const named = all.filter((attached) => this.#hasNames(attached)).sort(byPrecedence);
    if (named.length > 0 && !this.#asking.has(use.id)) this.#asking.set(use.id, this.#settingsFor(use));
    const settings = this.#asking.get(use.id);
    if (settings === undefined) return;
    await this.#deps.resolver.serve({
      ...settings,
      id: use.id,
      netnsPath,
      networks: named.map(({ live: { record }, endpoint }) => ({
        id: record.id,
        name: record.name,
        links: linksOf(endpoint.wanted),
      })),
      forward: all.some(({ internal }) => !internal),
    });
  }

  /** Its process runs. */
  hold(id: ContainerId, pid: number): void {
    this.#deps.resolver.hold(id, pid);
  }

  /** Idempotent. */
  forget(id: ContainerId): void {
    this.#asking.delete(id);
    this.#deps.resolver.forget(id);
  }

  #settingsFor(use: Use): Pick<ServedSandbox, "upstreams" | "ndots"> {
    const conf = this.#deps.dns({ hostConfig: use.request.hostConfig, endpoints: this.settingsOf(use) });
    return { upstreams: upstreamsOf(conf), ndots: keepsShortNames(conf) };
  }

  #hasNames({ live }: Attached): boolean {
    return !this.#deps.networks.isPredefined(live.record);
  }
}

/** Its name, its aliases, its short id, its host name. */
export function namesOf(
  id: ContainerId,
  { name, config }: Pick<SandboxRequest, "name" | "config">,
  { Aliases }: EndpointSettings,
): string[] {
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
