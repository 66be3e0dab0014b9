/**
 * Links on the default bridge, which knows no names: the linked container's address stands in /etc/hosts, its ports and environment in
 * the environment (moby v28 daemon/links). They are kept as "<id>:<alias>", since names change.
 */
import { invalidParameter, messageOf, systemError } from "../../base/errors.ts";
import type { ContainerId } from "../../base/ids.ts";
import type { ContainerConfig } from "../../wire/container.ts";
import type { HostConfig } from "../../wire/host-config.ts";
import type { Container } from "../container/container.ts";
import type { EngineContext } from "../context.ts";

export interface Link {
  readonly container: Container;
  readonly alias: string;
}

/** Variables that every image has. */
const UNINTERESTING = new Set(["HOME", "PATH"]);

/** Whether a link of this container is one of these; on user-defined networks it is a matter of their names. */
const isLegacy = ({ NetworkMode }: Pick<HostConfig, "NetworkMode">): boolean => NetworkMode === "bridge";

/** The links as they are kept; null for a container that has none of these. Throws invalidParameter for an unknown container. */
export function recordLinks(ctx: EngineContext, hostConfig: HostConfig): string[] | null {
  const links = hostConfig.Links ?? [];
  if (!isLegacy(hostConfig) || links.length === 0) return null;
  return links.map((link) => {
    const { ref, alias } = parseLink(link);
    return `${findLinked(ctx, ref).id}:${alias}`;
  });
}

/** "db", "db:database", or as inspect shows it, "/db:/web/database". */
function parseLink(text: string): { readonly ref: string; readonly alias: string } {
  const [ref = "", alias = ref, ...rest] = text.split(":");
  if (ref === "" || alias === "" || rest.length > 0) throw systemError(`bad format for links: ${text}`);
  return { ref, alias: alias.split("/").at(-1) ?? alias };
}

function findLinked(ctx: EngineContext, ref: string): Container {
  let linked: Container;
  try {
    linked = ctx.registry.find(ref);
  } catch (error) {
    throw invalidParameter(`could not get container for ${ref}: ${messageOf(error)}`, { cause: error });
  }
  if (linked.spec.hostConfig.NetworkMode !== "host") return linked;
  throw invalidParameter(
    "conflicting options: host type networking can't be used with links. This would result in undefined behavior",
  );
}

/** Those whose container still exists. */
function linksOf(ctx: EngineContext, { spec }: Container): Link[] {
  return (spec.hostConfig.Links ?? []).flatMap((link) => {
    const [id = "", alias = ""] = link.split(":");
    const container = ctx.registry.byId(id as ContainerId);
    return container === undefined ? [] : [{ container, alias }];
  });
}

/** Takes the link "/web/database" from the container "web". Throws when nobody is known by that name. */
export function removeLink(ctx: EngineContext, name: string): void {
  const [parentName = "", alias] = name.replace(/^\//, "").split("/");
  ctx.registry.find(name);
  if (alias === undefined) throw systemError("Conflict, cannot remove the default link name of the container");
  const parent = ctx.registry.find(parentName);
  const { hostConfig } = parent.spec;
  const links = hostConfig.Links ?? [];
  const kept = links.filter((link) => !link.endsWith(`:${alias}`));
  parent.updateSpec({ hostConfig: { ...hostConfig, Links: kept.length === 0 ? null : kept } });
}

/** As inspect shows them. */
export function shownLinks(ctx: EngineContext, container: Container): string[] | null {
  const links = linksOf(ctx, container);
  if (links.length === 0) return null;
  return links.map((link) => `/${link.container.name}:/${container.name}/${link.alias}`);
}

/** The names that others have for this container, such as "/web/database". */
export function linkedNames(ctx: EngineContext, { id }: Container): string[] {
  return ctx.registry.all().flatMap((parent) => {
    const links = parent.spec.hostConfig.Links ?? [];
    return links
      .filter((link) => link.startsWith(`${id}:`))
      .map((link) => `/${parent.name}/${link.slice(id.length + 1)}`);
  });
}

/** For /etc/hosts: the address, and the alias, host name and name that it goes by. */
export function linkLines(ctx: EngineContext, container: Container): (readonly [address: string, names: string])[] {
  return linksOf(ctx, container).flatMap(({ container: linked, alias }) => {
    const address = linked.state.endpoints["bridge"]?.IPAddress ?? "";
    if (address === "") return [];
    const names = [alias, linked.spec.config.Hostname, ...(alias === linked.name ? [] : [linked.name])];
    return [[address, names.join(" ")] as const];
  });
}

/** Running containers that have a link to this one find it at its new address. */
export function tellAddress(ctx: EngineContext, { id }: Container): void {
  for (const parent of ctx.registry.all()) {
    const isLinked =
      parent.live !== undefined && parent.spec.hostConfig.Links?.some((link) => link.startsWith(`${id}:`));
    if (isLinked) ctx.etcFiles.readdress(ctx.paths.container(parent.id), linkLines(ctx, parent));
  }
}

/** Throws in Docker's words when a linked container does not run. */
export function checkLinks(ctx: EngineContext, container: Container): void {
  const stopped = linksOf(ctx, container).find((link) => link.container.live === undefined);
  if (stopped === undefined) return;
  const name = `/${container.name}/${stopped.alias}`;
  throw invalidParameter(`Cannot link to a non running container: /${stopped.container.name} AS ${name}`);
}

/** The container's configuration with the variables of its links, which its own go before. */
export function withLinks(ctx: EngineContext, container: Container): ContainerConfig {
  const { config, hostConfig } = container.spec;
  if (hostConfig.Links === null) return config;
  const links = linksOf(ctx, container).flatMap((link) => environmentOf(link, `/${container.name}/${link.alias}`));
  return { ...config, Env: [...links, ...config.Env] };
}

function environmentOf({ container: { spec, state }, alias }: Link, name: string): string[] {
  const prefix = alias.toUpperCase().replaceAll("-", "_");
  const address = state.endpoints["bridge"]?.IPAddress ?? "";
  const ports = Object.keys(spec.config.ExposedPorts ?? {}).map((key) => key.split("/"));
  const isTcp = (protocol = "tcp"): number => (protocol === "tcp" ? 0 : 1);
  ports.sort(([a, one], [b, other]) => isTcp(one) - isTcp(other) || Number(a) - Number(b));
  const [first] = ports;
  const inherited = spec.config.Env.filter((entry) => entry.includes("=")).filter(
    (entry) => !UNINTERESTING.has(entry.slice(0, entry.indexOf("="))),
  );
  return [
    ...(first === undefined ? [] : [`${prefix}_PORT=${first[1]}://${address}:${first[0]}`]),
    ...ports.flatMap(([port = "", protocol = "tcp"]) => {
      const each = `${prefix}_PORT_${port}_${protocol.toUpperCase()}`;
      return [
        `${each}=${protocol}://${address}:${port}`,
        `${each}_ADDR=${address}`,
        `${each}_PORT=${port}`,
        `${each}_PROTO=${protocol}`,
      ];
    }),
    `${prefix}_NAME=${name}`,
    ...inherited.map((entry) => `${prefix}_ENV_${entry}`),
  ];
}
