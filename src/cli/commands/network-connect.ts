/** tare network connect: put a container on one more network. */
import { defineCommand } from "../command.ts";
import { splitPair } from "../container/values.ts";
import { CommandError } from "../errors.ts";
import { intFlag, listFlag, textFlag } from "../flag-kinds.ts";
import { csvFlag } from "../network/csv-flag.ts";

export const command = defineCommand({
  usage: "[OPTIONS] NETWORK CONTAINER",
  flags: {
    alias: csvFlag("Add network-scoped alias for the container"),
    "driver-opt": csvFlag("driver options for the network"),
    "gw-priority": intFlag("Highest gw-priority provides the default gateway. Accepts positive and negative values."),
    ip: textFlag('IPv4 address (e.g., "172.30.100.104")'),
    ip6: textFlag('IPv6 address (e.g., "2001:db8::33")'),
    link: listFlag("Add link to another container"),
    "link-local-ip": csvFlag("Add a link-local address for the container"),
  },
  args: [2, 2],
  async run(context, { flags, args: [network = "", container = ""] }) {
    const { ip, ip6 } = flags;
    const linkLocal = flags["link-local-ip"];
    const { networks } = await context.client();
    await networks.connect(network, container, {
      IPAMConfig: {
        ...(ip === "" ? {} : { IPv4Address: ip }),
        ...(ip6 === "" ? {} : { IPv6Address: ip6 }),
        ...(linkLocal.length === 0 ? {} : { LinkLocalIPs: [...linkLocal] }),
      },
      Links: flags.link.length === 0 ? null : [...flags.link],
      Aliases: [...flags.alias],
      DriverOpts: Object.fromEntries(flags["driver-opt"].map(parseOption)),
      GwPriority: flags["gw-priority"] ?? 0,
    });
    return 0;
  },
});

function parseOption(text: string): readonly [name: string, value: string] {
  const [name, value] = splitPair(text);
  if (!text.includes("=") || name.trim() === "") {
    throw new CommandError("invalid key/value pair format in driver options");
  }
  return [name.trim(), value.trim()];
}
