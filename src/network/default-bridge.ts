/** Finds the default bridge with its subnet, or makes it: in the configured subnet, or else in one that is free. */
import { invalidParameter } from "../base/errors.ts";
import { parseCidr, toAddress, toCidr, toPrefix } from "../base/ip-prefix.ts";
import type { NetworkRecord, SubnetRecord } from "../state/network-record.ts";
import type { AddressPlan, FoundBridge } from "./device/plan.ts";
import type { LinkRemover } from "./device/remover.ts";
import type { NetworkWorker } from "./device/worker-client.ts";
import { BridgeDevice, subnetOf } from "./drivers/bridge.ts";
import { chooseSubnet, type SubnetPool } from "./ipam/subnet-pools.ts";
import { type DefaultBridge, defaultNetwork } from "./predefined.ts";

export interface OpenedBridge {
  readonly record: NetworkRecord;
  readonly device: BridgeDevice;
}

interface DefaultBridgeDeps {
  readonly worker: NetworkWorker;
  readonly remover: LinkRemover;
  readonly pools: readonly SubnetPool[];
  readonly bridge: DefaultBridge;
  /** What is known of the network before it has subnets. */
  readonly base: NetworkRecord;
  readonly alias: string;
}

/**
 * A bridge with containers on it keeps its subnet even when another is configured now; one that nobody uses and that does not fit is
 * made anew. `taken` are the subnets of other networks of ours.
 */
export async function openDefaultBridge(deps: DefaultBridgeDeps, taken: readonly string[]): Promise<OpenedBridge> {
  const { worker, bridge } = deps;
  const configured = configuredSubnets(bridge);
  const found = await worker.findBridge(bridge.name);
  const kept = found && keptSubnets(found, bridge, configured);
  if (found !== undefined && kept === undefined) await toBridge(deps, []).device.close();
  const fixed = kept ?? (isWhole(configured, bridge) ? configured : undefined);
  if (fixed !== undefined) {
    const opened = toBridge(deps, fixed);
    await opened.device.open();
    return opened;
  }
  for (;;) {
    const opened = toBridge(deps, await chosenSubnets(deps, configured, taken));
    if (await opened.device.openUnlessTaken()) return opened;
  }
}

function toBridge(
  { base, bridge, alias, ...threads }: DefaultBridgeDeps,
  subnets: readonly SubnetRecord[],
): OpenedBridge {
  const record = defaultNetwork(base, bridge, subnets);
  return { record, device: new BridgeDevice(record, threads, alias) };
}

/** It has a subnet of each family that it is to have. */
function isWhole(subnets: readonly SubnetRecord[], { ipv6 }: DefaultBridge): boolean {
  const families = subnets.map(({ cidr }) => toPrefix(cidr).family);
  return families.includes(4) && (!ipv6 || families.includes(6));
}

function configuredSubnets({ subnet, subnetV6, range }: DefaultBridge): SubnetRecord[] {
  return [
    ...(subnet === undefined ? [] : [configuredSubnet(subnet, range)]),
    ...(subnetV6 === undefined ? [] : [configuredSubnet(subnetV6, undefined)]),
  ];
}

/** "172.31.0.0/16", whose gateway is the first address, or "172.31.0.9/16", which names it. */
function configuredSubnet(text: string, range: string | undefined): SubnetRecord {
  const parsed = parseCidr(text);
  if (parsed === undefined || (parsed.prefix.family === 4 && (parsed.prefix.length < 8 || parsed.prefix.length > 29))) {
    throw invalidParameter(`invalid subnet ${text}: want a.b.c.d/8 … /29`);
  }
  const { prefix, address } = parsed;
  const first = toAddress(prefix.family, prefix.base + 1n);
  const gateway = address === toAddress(prefix.family, prefix.base) ? first : address;
  return { cidr: toCidr(prefix), gateway, range, reserved: [], configured: true };
}

/** Those of a bridge that is there, when they may stay. */
function keptSubnets(
  found: FoundBridge,
  bridge: DefaultBridge,
  configured: readonly SubnetRecord[],
): SubnetRecord[] | undefined {
  const present = found.addresses.map((address) => presentSubnet(address, bridge.range));
  const fits = configured.every(({ cidr }) => present.some((subnet) => subnet.cidr === cidr));
  return isWhole(present, bridge) && (fits || found.inUse) ? present : undefined;
}

function presentSubnet(address: AddressPlan, range: string | undefined): SubnetRecord {
  const isV4 = !address.address.includes(":");
  return {
    cidr: subnetOf(address),
    gateway: address.address,
    range: isV4 ? range : undefined,
    reserved: [],
    configured: true,
  };
}

async function chosenSubnets(
  { worker, pools, bridge }: DefaultBridgeDeps,
  configured: readonly SubnetRecord[],
  taken: readonly string[],
): Promise<SubnetRecord[]> {
  const lacking = ([4, ...(bridge.ipv6 ? [6] : [])] as const).filter(
    (family) => !configured.some(({ cidr }) => toPrefix(cidr).family === family),
  );
  if (lacking.length === 0) return [...configured];
  const used = [...taken, ...(await worker.usedSubnets(bridge.name)).map(({ cidr }) => cidr)].map(toPrefix);
  const chosen = lacking.map((family): SubnetRecord => {
    const subnet = chooseSubnet(
      pools.filter(({ base }) => base.family === family),
      [...used, ...configured.map(({ cidr }) => toPrefix(cidr))],
    );
    if (subnet === undefined) throw invalidParameter("no free private subnet on this machine: name one with bip");
    const gateway = toAddress(subnet.family, subnet.base + 1n);
    return { cidr: toCidr(subnet), gateway, range: undefined, reserved: [], configured: true };
  });
  return [...configured, ...chosen];
}
