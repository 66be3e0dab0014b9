/** The networks to join: every `--network`, and the older flags that settle the first one's details. */
import type { EndpointSettings } from "../../wire/container.ts";
import { CommandError } from "../errors.ts";
import { type Attachment, PLAIN } from "./attachment.ts";
import type { CreateFlags } from "./flags.ts";

export interface Networking {
  readonly networkMode: string;
  readonly endpoints: Readonly<Record<string, Partial<EndpointSettings>>>;
}

/** What to send; a network without details has no endpoint, unless there are several networks. */
export function parseNetworking(flags: CreateFlags): Networking {
  const [first = { ...PLAIN, target: "default" }, ...others] = flags.network;
  const attachments = [withContainerFlags(first, flags), ...others];
  checkTargets(attachments.map(({ target }) => target));
  const shown = attachments.length > 1 ? attachments : attachments.filter(hasDetails);
  return {
    networkMode: first.target,
    endpoints: Object.fromEntries(shown.map((attachment) => [attachment.target, toEndpoint(attachment)])),
  };
}

const isUserDefined = (target: string): boolean =>
  !["default", "bridge", "host", "none"].includes(target) && !target.startsWith("container:");

function checkTargets(targets: readonly string[]): void {
  const repeated = targets.find((target, at) => targets.indexOf(target) !== at);
  if (targets.includes("")) throw new CommandError("no name set for network");
  if (repeated !== undefined) throw new CommandError(`network ${JSON.stringify(repeated)} is specified multiple times`);
  if (targets.some(isUserDefined) && !targets.every(isUserDefined)) {
    throw new CommandError("conflicting options: cannot attach both user-defined and non-user-defined network-modes");
  }
}

/** The flags `--network-alias`, `--link`, `--ip` … mean the first network; saying the same thing twice is refused. */
function withContainerFlags(attachment: Attachment, flags: CreateFlags): Attachment {
  const pairs = [
    [flags["network-alias"].length > 0 && attachment.aliases.length > 0, "--network-alias and per-network alias"],
    [flags.link.length > 0 && attachment.links.length > 0, "--link and per-network links"],
    [flags.ip !== "" && attachment.ipv4 !== "", "--ip and per-network IPv4 address"],
    [flags.ip6 !== "" && attachment.ipv6 !== "", "--ip6 and per-network IPv6 address"],
    [flags["mac-address"] !== "" && attachment.macAddress !== "", "--mac-address and per-network MAC address"],
    [
      flags["link-local-ip"].length > 0 && attachment.linkLocalIps.length > 0,
      "--link-local-ip and per-network link-local IP addresses",
    ],
  ] as const;
  const clash = pairs.find(([both]) => both);
  if (clash !== undefined) throw new CommandError(`conflicting options: cannot specify both ${clash[1]}`);
  // Links of the default bridge stand in the host configuration.
  const links = isUserDefined(attachment.target) ? flags.link : [];
  const merged = {
    ...attachment,
    aliases: [...attachment.aliases, ...flags["network-alias"]],
    links: [...attachment.links, ...links],
    ipv4: attachment.ipv4 || flags.ip,
    ipv6: attachment.ipv6 || flags.ip6,
    linkLocalIps: [...attachment.linkLocalIps, ...flags["link-local-ip"]],
    macAddress: attachment.macAddress || flags["mac-address"],
  };
  if (merged.aliases.length > 0 && !isUserDefined(merged.target)) {
    throw new CommandError("network-scoped aliases are only supported for user-defined networks");
  }
  return merged;
}

function hasDetails(attachment: Attachment): boolean {
  return JSON.stringify({ ...attachment, target: "" }) !== JSON.stringify(PLAIN);
}

function toEndpoint(attachment: Attachment): Partial<EndpointSettings> {
  const { ipv4, ipv6, linkLocalIps, driverOpts } = attachment;
  const ipam = {
    ...(ipv4 === "" ? {} : { IPv4Address: ipv4 }),
    ...(ipv6 === "" ? {} : { IPv6Address: ipv6 }),
    ...(linkLocalIps.length === 0 ? {} : { LinkLocalIPs: [...linkLocalIps] }),
  };
  return {
    IPAMConfig: Object.keys(ipam).length === 0 ? null : ipam,
    Links: attachment.links.length === 0 ? null : [...attachment.links],
    Aliases: attachment.aliases.length === 0 ? null : [...attachment.aliases],
    MacAddress: attachment.macAddress,
    DriverOpts: Object.keys(driverOpts).length === 0 ? null : { ...driverOpts },
    GwPriority: attachment.gatewayPriority,
  };
}
