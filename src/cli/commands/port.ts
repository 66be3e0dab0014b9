/** tare port: where a container's ports are published. */

import { messageOf } from "../../base/errors.ts";
import type { PortBinding } from "../../wire/host-config.ts";
import { defineCommand } from "../command.ts";
import { parseUnsigned } from "../container/values.ts";
import { CommandError } from "../errors.ts";

export const command = defineCommand({
  usage: "CONTAINER [PRIVATE_PORT[/PROTO]]",
  flags: {},
  args: [1, 2],
  async run(context, { args }) {
    const [ref = "", wanted] = args;
    const { containers } = await context.client();
    const { Ports } = (await containers.inspect(ref)).NetworkSettings;
    const lines = wanted === undefined ? allPorts(Ports) : bindingsOf(Ports, wanted, ref);
    await context.io.stdout.write(lines.map((line) => `${line}\n`).join(""));
    return 0;
  },
});

type Ports = Readonly<Record<string, readonly PortBinding[] | null>>;

function allPorts(ports: Ports): string[] {
  return Object.entries(ports)
    .flatMap(([port, bindings]) => (bindings ?? []).map((binding) => `${port} -> ${addressOf(binding)}`))
    .sort((a, b) => Number.parseInt(a, 10) - Number.parseInt(b, 10) || (a < b ? -1 : 1));
}

function bindingsOf(ports: Ports, wanted: string, ref: string): string[] {
  const [number = "", protocol = "tcp"] = wanted.split("/");
  checkPort(number);
  const bindings = ports[`${number}/${protocol}`];
  if (!bindings || bindings.length === 0) {
    throw new CommandError(`Error: No public port '${wanted}' published for ${ref}`);
  }
  return bindings.map(addressOf).sort();
}

function checkPort(text: string): void {
  try {
    parseUnsigned(text, 16);
  } catch (cause) {
    throw new CommandError(`Error: invalid port (${text}): ${messageOf(cause)}`, 1, { cause });
  }
}

const addressOf = ({ HostIp, HostPort }: PortBinding): string =>
  `${HostIp.includes(":") ? `[${HostIp}]` : HostIp}:${HostPort}`;
