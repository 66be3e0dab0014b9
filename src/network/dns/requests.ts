/** Lines of the resolver's protocol (native/resolver/protocol.md). Pure. */
import type { DnsRecord, ServedNetwork, ServedSandbox } from "./types.ts";

/** What cannot stand in a line of words and lists cannot be asked for either: it is left out. */
const isWord = (text: string): boolean => /^[^\s,]+$/.test(text);

function list(words: readonly string[]): string {
  const kept = words.filter(isWord);
  return kept.length === 0 ? "-" : kept.join(",");
}

export function putLine({ endpointId, networkId, addresses, names }: DnsRecord): string {
  return `put ${endpointId} ${networkId} ${list(addresses)} ${list(names)}`;
}

/** On internal networks the host's servers are not even told. */
export function serveLine({ id, netnsPath, networks, upstreams, forward, ndots }: ServedSandbox): string {
  const servers = upstreams
    .filter(({ fromHost }) => forward || !fromHost)
    .map(({ address, fromHost }) => `${fromHost ? "host" : "own"}:${address}`);
  return ["serve", id, netnsPath, ndots ? "1" : "0", list(servers), ...networks.map(toNetworkWord)].join(" ");
}

function toNetworkWord({ id, name, links }: ServedNetwork): string {
  const pairs = Object.entries(links).filter(([alias, target]) => isWord(alias) && isWord(target));
  return [id, name, ...pairs.flat()].join(",");
}
