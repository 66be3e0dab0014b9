/** `-p` and `--expose`, in the grammar of docker/go-connections' nat package. */
import { messageOf } from "../../base/errors.ts";
import { isIP } from "../../base/ip.ts";
import type { PortBinding } from "../../wire/host-config.ts";
import { CommandError } from "../errors.ts";
import { parseUnsigned, splitCsv, splitPair } from "./values.ts";

const PROTOCOLS = new Set(["tcp", "udp", "sctp"]);

type Range = readonly [first: number, last: number];

export interface Ports {
  /** "80/tcp" by port, published ones included. */
  readonly exposed: Readonly<Record<string, Record<string, never>>>;
  readonly bindings: Readonly<Record<string, PortBinding[]>>;
}

export function parsePorts(publish: readonly string[], expose: readonly string[]): Ports {
  const bindings: Record<string, PortBinding[]> = {};
  for (const spec of publish) {
    for (const [port, binding] of parsePublish(toShort(spec))) {
      bindings[port] ??= [];
      bindings[port].push(binding);
    }
  }
  const ports = [...Object.keys(bindings), ...expose.flatMap(parseExpose)];
  return { bindings, exposed: Object.fromEntries(ports.map((port) => [port, {}])) };
}

/** "target=80,published=8080,protocol=udp" becomes "8080:80/udp"; the short form stays. */
function toShort(spec: string): string {
  if (!spec.includes("=")) return spec;
  const fields = new Map(splitCsv(spec).map(splitPair));
  for (const [key, value] of fields) {
    if (!["target", "published", "protocol", "mode"].includes(key) || value === "") {
      throw new CommandError(`invalid publish opts format (should be name=value but got '${key}')`);
    }
  }
  const published = fields.get("published");
  return `${published === undefined ? "" : `${published}:`}${fields.get("target") ?? ""}/${fields.get("protocol") ?? "tcp"}`;
}

/** "[[ip:][host]:]container[/protocol]", both sides may be ranges. */
function parsePublish(spec: string): (readonly [port: string, binding: PortBinding])[] {
  const { ip, host, container, protocol } = cutPublish(spec);
  if (container === "") throw new CommandError(`no port specified: ${spec}<empty>`);
  const inside = parseRange(container) ?? fail(`invalid containerPort: ${container}`);
  if (!PROTOCOLS.has(protocol)) fail(`invalid proto: ${protocol}`);
  if (ip !== "" && !isIP(ip)) fail(`invalid IP address: ${ip}`);
  const outside = host === "" ? undefined : (parseRange(host) ?? fail(`invalid hostPort: ${host}`));
  const sameSize = outside !== undefined && outside[1] - outside[0] === inside[1] - inside[0];
  // One container port may take any host port of a range; several need as many.
  if (outside !== undefined && !sameSize && inside[0] !== inside[1]) {
    fail(`invalid ranges specified for container and host Ports: ${container} and ${host}`);
  }
  return numbersOf(inside).map((port, at) => {
    const hostPort = outside === undefined ? "" : sameSize ? String(outside[0] + at) : host;
    return [`${port}/${protocol}`, { HostIp: ip, HostPort: hostPort }];
  });
}

function cutPublish(spec: string): Record<"ip" | "host" | "container" | "protocol", string> {
  const [address = "", protocol = "tcp"] = spec.split("/");
  const parts = address.split(":");
  const container = parts.pop() ?? "";
  const host = parts.pop() ?? "";
  const ip = parts.join(":").replace(/^\[(.*)\]$/, "$1");
  return { ip, host, container, protocol: protocol.toLowerCase() };
}

function parseExpose(spec: string): string[] {
  if (spec.includes(":")) fail(`invalid port format for --expose: ${spec}`);
  const [ports = "", protocol = "tcp"] = spec.split("/");
  const invalid = (reason: string): never => fail(`invalid range format for --expose: ${spec}, error: ${reason}`);
  if (ports === "") return invalid("empty string specified for ports");
  for (const port of ports.split("-", 2)) {
    parsePort(port, invalid);
  }
  const range = parseRange(ports) ?? invalid(`invalid range specified for port: ${ports}`);
  return numbersOf(range).map((port) => `${port}/${protocol}`);
}

function parsePort(port: string, invalid: (reason: string) => never): void {
  try {
    parseUnsigned(port, 16);
  } catch (error) {
    invalid(messageOf(error));
  }
}

/** "80" or "80-90"; undefined for anything else. */
function parseRange(text: string): Range | undefined {
  const match = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(text);
  const first = Number(match?.[1]);
  const last = Number(match?.[2] ?? match?.[1]);
  return match !== null && first <= last && last <= 65535 ? [first, last] : undefined;
}

const numbersOf = ([first, last]: Range): number[] => Array.from({ length: last - first + 1 }, (_, at) => first + at);

function fail(message: string): never {
  throw new CommandError(message);
}
