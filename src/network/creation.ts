/** What a request for a network means: its record but for the subnets, checked in Docker's order and words (moby v28 daemon/network.go, libnetwork/controller.go). Pure. */
import { conflict, forbidden, invalidParameter, notFound, systemError } from "../base/errors.ts";
import { parseCidr } from "../base/ip-prefix.ts";
import type { NetworkDriver, NetworkRecord } from "../state/network-record.ts";
import type { IpamConfig, NetworkCreateRequest } from "../wire/network.ts";
import { checkIpam } from "../wire/validate/ipam.ts";
import { bridgeOptions } from "./drivers/bridge-options.ts";
import { ipvlanMode, ipvlanParent } from "./drivers/ipvlan.ts";
import { macvlanMode, macvlanParent } from "./drivers/macvlan.ts";
import { mtuOption, OPTION, type Options, toBoolean } from "./drivers/options.ts";

/** A network that has no subnets yet. */
export interface Draft {
  readonly record: NetworkRecord;
  /** Those it asks for. */
  readonly wanted: readonly IpamConfig[];
}

export interface Surroundings {
  readonly networks: readonly NetworkRecord[];
  /** By driver: options for networks that do not have them ("default-network-opts"). */
  readonly defaultOptions: Readonly<Record<string, Options>>;
}

/** Words that no network of a user may have for a name. */
const PREDEFINED = new Set(["bridge", "host", "none", "default"]);
const NOT_A_MANAGER =
  'This node is not a swarm manager. Use "docker swarm init" or "docker swarm join" to connect this node to swarm and try again.';

export function draftNetwork(
  request: NetworkCreateRequest,
  identity: Pick<NetworkRecord, "id" | "createdAt">,
  { networks, defaultOptions }: Surroundings,
): Draft {
  const { Name: name } = request;
  if (PREDEFINED.has(name)) throw forbidden(`operation is not permitted on predefined ${name} network `);
  const driverName = request.Driver || "bridge";
  if (driverName === "overlay") throw forbidden(NOT_A_MANAGER);
  const given = { ...defaultOptions[driverName], ...request.Options };
  const families = {
    enableIPv4: request.EnableIPv4 ?? familyOption(given, OPTION.enableIPv4, true),
    enableIPv6: request.EnableIPv6 ?? familyOption(given, OPTION.enableIPv6, false),
  };
  checkIpam(request.IPAM?.Config ?? [], families.enableIPv6);
  if (name.trim() === "") throw invalidParameter("invalid name: name is empty");
  if (networks.some((network) => network.name === name)) throw conflict(`network with name ${name} already exists`);
  checkScope(request);
  const record: NetworkRecord = {
    ...identity,
    name,
    driver: request.ConfigOnly ? "null" : toDriver(driverName),
    ...settingsOf(request, { ...families, options: given }, networks),
    subnets: [],
    internal: request.Internal,
    attachable: request.Attachable,
    configOnly: request.ConfigOnly,
  };
  checkDriver(record, networks);
  return { record, wanted: record.ipam.config };
}

/** What one network copies from another, or brings itself. */
type Settings = Pick<NetworkRecord, "configFrom" | "enableIPv4" | "enableIPv6" | "ipam" | "options" | "labels">;

function settingsOf(
  request: NetworkCreateRequest,
  own: Pick<Settings, "enableIPv4" | "enableIPv6" | "options">,
  networks: readonly NetworkRecord[],
): Settings {
  const source = sourceOf(request, networks);
  if (source !== undefined) {
    const { name, enableIPv4, enableIPv6, ipam, options, labels } = source;
    return { configFrom: name, enableIPv4, enableIPv6, ipam, options, labels };
  }
  const { Driver, Options, Config } = request.IPAM ?? {};
  return {
    ...own,
    configFrom: "",
    ipam: { driver: Driver || "default", options: Options ?? null, config: Config ?? [] },
    labels: request.Labels,
  };
}

function familyOption(options: Options, name: string, absent: boolean): boolean {
  const text = options[name];
  if (text === undefined) return absent;
  const value = toBoolean(text);
  if (value === undefined) throw invalidParameter(`driver-opt ${JSON.stringify(name)} is not a valid bool`);
  return value;
}

function checkScope({ Ingress, Scope }: NetworkCreateRequest): void {
  if (Ingress) throw forbidden("Ingress network can only be global scope network");
  if (Scope === "swarm") throw forbidden("cannot create a swarm scoped network when swarm is not active");
}

/** The network whose settings are copied; undefined when the request brings its own. */
function sourceOf(request: NetworkCreateRequest, networks: readonly NetworkRecord[]): NetworkRecord | undefined {
  const { ConfigOnly, Internal, Attachable, ConfigFrom, IPAM, Labels, Options } = request;
  const from = ConfigFrom?.Network ?? "";
  if (ConfigOnly && (Internal || Attachable)) {
    throw forbidden(
      "configuration network can only contain network specific fields. Network operator fields like [ ingress | internal | attachable | scope ] are not supported.",
    );
  }
  if (from === "") return undefined;
  if (ConfigOnly) throw forbidden("a configuration network cannot depend on another configuration network");
  const hasOwn = [IPAM?.Config ?? [], Object.keys(IPAM?.Options ?? {}), Object.keys(Labels)];
  if (hasOwn.some((settings) => settings.length > 0)) {
    throw forbidden(
      "user specified configurations are not supported if the network depends on a configuration network",
    );
  }
  if (Object.keys(Options).length > 0) {
    throw forbidden("network driver options are not supported if the network depends on a configuration network");
  }
  const source = networks.find((network) => network.configOnly && network.name === from);
  if (source === undefined) throw notFound(`configuration network ${JSON.stringify(from)} does not exist`);
  return source;
}

function toDriver(name: string): NetworkDriver {
  switch (name) {
    case "bridge":
    case "macvlan":
    case "ipvlan":
      return name;
    case "host":
    case "null":
      throw forbidden(`only one instance of ${JSON.stringify(name)} network is allowed`);
    default:
      throw missingPlugin(name);
  }
}

const missingPlugin = (name: string) => notFound(`plugin ${JSON.stringify(name)} not found`);

function checkDriver(record: NetworkRecord, networks: readonly NetworkRecord[]): void {
  const { driver, configOnly, enableIPv4, enableIPv6, ipam } = record;
  if (configOnly) return;
  if (ipam.driver === "null") throw invalidParameter("ipv4 pool is empty");
  if (ipam.driver !== "default") throw missingPlugin(ipam.driver);
  if (!enableIPv4 && !enableIPv6) throw invalidParameter("IPv4 or IPv6 must be enabled");
  if (driver === "bridge") checkBridge(record, networks);
  if (driver === "macvlan") checkMacvlan(record, networks);
  if (driver === "ipvlan") checkIpvlan(record);
}

function checkBridge(record: NetworkRecord, networks: readonly NetworkRecord[]): void {
  const { name } = bridgeOptions(record);
  // As the kernel would say it.
  if (name.length > 15) throw systemError("numerical result out of range");
  if (/[/\s]/.test(name)) throw systemError("invalid argument");
  for (const family of [4, 6] as const) {
    const subnets = record.ipam.config.filter(({ Subnet }) => parseCidr(Subnet)?.prefix.family === family);
    if (subnets.length > 1) throw forbidden("bridge driver doesn't support multiple subnets");
  }
  const other = networks.find(
    (network) => network.driver === "bridge" && !network.configOnly && bridgeOptions(network).name === name,
  );
  if (other === undefined) return;
  throw forbidden(
    `cannot create network ${record.id} (${name}): conflicts with network ${other.id} (${name}): networks have same bridge name`,
  );
}

function checkMacvlan(record: NetworkRecord, networks: readonly NetworkRecord[]): void {
  const mode = macvlanMode(record);
  const parent = macvlanParent(record).name;
  mtuOption(record.options);
  const others = networks.filter(
    (network) => network.driver === "macvlan" && !network.configOnly && macvlanParent(network).name === parent,
  );
  const clash = others.find((other) => mode === "passthru" || macvlanMode(other) === "passthru");
  if (clash === undefined) return;
  throw systemError(
    `macvlan network ${clash.id} is already using parent interface ${parent} in mode ${macvlanMode(clash)}`,
  );
}

function checkIpvlan(record: NetworkRecord): void {
  ipvlanMode(record);
  ipvlanParent(record);
  mtuOption(record.options);
}

/** Its endpoints have no router to go through, so that no address is kept for one. */
export function hasGateway({ driver, internal, options }: NetworkRecord, family: 4 | 6): boolean {
  if (driver === "macvlan") return !internal && (options[OPTION.parent] ?? "") !== "";
  if (driver === "ipvlan") return !internal && (options[OPTION.ipvlanMode] ?? "l2") === "l2";
  return options[family === 4 ? OPTION.gatewayModeIPv4 : OPTION.gatewayModeIPv6] !== "isolated";
}
