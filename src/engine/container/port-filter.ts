/** The filters `publish` and `expose` of the container list: a port or a range of them, with or without its protocol (go-connections/nat). */
import { type EngineError, systemError } from "../../base/errors.ts";
import type { Filters } from "../../wire/filters.ts";
import type { Container } from "./container.ts";

interface PortRange {
  readonly first: number;
  readonly last: number;
  readonly protocol: string;
}

const MAX_PORT = 65535;

/** Of a container that runs: the host's ports for `publish`, its own for `expose`. */
export function portTests(filters: Filters): ((container: Container) => boolean)[] {
  const published = parseAll(filters, "publish");
  const exposed = parseAll(filters, "expose");
  return [
    ...(published.length === 0 ? [] : [(container: Container) => matches(published, hostPorts(container))]),
    ...(exposed.length === 0 ? [] : [(container: Container) => matches(exposed, Object.keys(container.state.ports))]),
  ];
}

function matches(wanted: readonly PortRange[], keys: readonly string[]): boolean {
  return keys.some((key) => {
    const [port = "", protocol = ""] = key.split("/");
    const number = Number(port);
    return wanted.some((range) => range.protocol === protocol && range.first <= number && number <= range.last);
  });
}

/** "8080/tcp" for each. */
function hostPorts({ state }: Container): string[] {
  return Object.entries(state.ports).flatMap(([key, bindings]) =>
    (bindings ?? []).map(({ HostPort }) => `${HostPort || 0}/${key.split("/")[1] ?? ""}`),
  );
}

function parseAll(filters: Filters, key: string): PortRange[] {
  return (filters.get(key) ?? []).map((text) => {
    const [ports = "", protocol = "tcp"] = text.split("/");
    const wrong = (reason: string): EngineError => systemError(`error while looking up for ${key} ${text}: ${reason}`);
    if (ports === "") throw wrong("Empty string specified for ports.");
    const [first = 0, last = first] = ports.split("-", 2).map((number) => parseNumber(number, wrong));
    if (last < first) throw wrong(`Invalid range specified for the Port: ${ports}`);
    return { first, last, protocol: protocol.toLowerCase() };
  });
}

function parseNumber(text: string, wrong: (reason: string) => EngineError): number {
  const reason = (what: string): string => `strconv.ParseUint: parsing ${JSON.stringify(text)}: ${what}`;
  if (!/^\d+$/.test(text)) throw wrong(reason("invalid syntax"));
  if (Number(text) > MAX_PORT) throw wrong(reason("value out of range"));
  return Number(text);
}
