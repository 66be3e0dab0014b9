/** The ports of EXPOSE: numbers and ranges with a protocol, in go-connections' words where they are wrong. Pure. */
import { DockerfileError } from "../../dockerfile/place.ts";

const PROTOCOLS = ["tcp", "udp", "sctp"];
const MAX_PORTS = PROTOCOLS.length * 65_536;

/** "80/tcp" for each. What a host address or port before it says is passed over, as Docker does. */
export function parsePorts(words: readonly string[]): string[] {
  const names: string[] = [];
  for (const word of words) {
    for (const name of parsePort(word)) names.push(name);
    if (names.length > MAX_PORTS) throw new DockerfileError("more ports than there are");
  }
  return names;
}

function parsePort(word: string): string[] {
  const [spec = "", protocol = "tcp"] = word.split("/", 2);
  const container = spec.slice(spec.lastIndexOf(":") + 1);
  const [start = "", end = start] = container.split("-", 2);
  const [first, last] = [portNumber(start), portNumber(end)];
  if (first === undefined || last === undefined || last < first) {
    throw new DockerfileError(`invalid containerPort: ${container}`);
  }
  const name = protocol.toLowerCase();
  if (!PROTOCOLS.includes(name)) {
    throw new DockerfileError(`invalid port: ${JSON.stringify(word)}: invalid proto: ${protocol}`);
  }
  return Array.from({ length: last - first + 1 }, (_, at) => `${first + at}/${name}`);
}

function portNumber(text: string): number | undefined {
  const number = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN;
  return number <= 65_535 ? number : undefined;
}
