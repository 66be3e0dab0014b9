/** tare network create: make a network. */
import type { Ipam } from "../../wire/network.ts";
import { defineCommand } from "../command.ts";
import { checkLabel } from "../container/key-values.ts";
import { toMap } from "../container/values.ts";
import { listFlag, switchFlag, textFlag } from "../flag-kinds.ts";
import { csvFlag } from "../network/csv-flag.ts";
import { ipamConfig } from "../network/ipam.ts";

const mapFlag = (help: string, options: { readonly short?: string } = {}) =>
  listFlag(help, { placeholder: "map", shownDefault: "map[]", ...options });

export const command = defineCommand({
  usage: "[OPTIONS] NETWORK",
  flags: {
    attachable: switchFlag("Enable manual container attachment"),
    "aux-address": mapFlag("Auxiliary IPv4 or IPv6 addresses used by Network driver"),
    "config-from": textFlag("The network from which to copy the configuration"),
    "config-only": switchFlag("Create a configuration only network"),
    driver: textFlag("Driver to manage the Network", { short: "d", initial: "bridge" }),
    gateway: csvFlag("IPv4 or IPv6 Gateway for the master subnet"),
    ingress: switchFlag("Create swarm routing-mesh network"),
    internal: switchFlag("Restrict external access to the network"),
    "ip-range": csvFlag("Allocate container ip from a sub-range"),
    "ipam-driver": textFlag("IP Address Management Driver", { initial: "default" }),
    "ipam-opt": mapFlag("Set IPAM driver specific options"),
    ipv4: switchFlag("Enable or disable IPv4 address assignment", { initial: true }),
    ipv6: switchFlag("Enable or disable IPv6 address assignment"),
    label: listFlag("Set metadata on a network", { check: checkLabel }),
    opt: mapFlag("Set driver specific options", { short: "o" }),
    scope: textFlag("Control the network's scope"),
    subnet: csvFlag("Subnet in CIDR format that represents a network segment"),
  },
  args: [1, 1],
  async run(context, { flags, given, args: [name = ""] }) {
    const ipam: Ipam = {
      Driver: flags["ipam-driver"],
      Options: toMap(flags["ipam-opt"]),
      Config: ipamConfig({
        subnets: flags.subnet,
        ranges: flags["ip-range"],
        gateways: flags.gateway,
        auxiliary: toMap(flags["aux-address"]),
      }),
    };
    const { networks } = await context.client();
    const { Id } = await networks.create({
      Name: name,
      Driver: flags.driver,
      Options: toMap(flags.opt),
      IPAM: ipam,
      Internal: flags.internal,
      Attachable: flags.attachable,
      Ingress: flags.ingress,
      Scope: flags.scope,
      ConfigOnly: flags["config-only"],
      Labels: toMap(flags.label),
      ...(given.has("ipv4") ? { EnableIPv4: flags.ipv4 } : {}),
      ...(given.has("ipv6") ? { EnableIPv6: flags.ipv6 } : {}),
      ...(flags["config-from"] === "" ? {} : { ConfigFrom: { Network: flags["config-from"] } }),
    });
    await context.io.stdout.write(`${Id}\n`);
    return 0;
  },
});
