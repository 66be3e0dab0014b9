/** The PORTS column: published ports with runs of neighbours drawn together (docker/cli's formatter.DisplayablePorts). */
import type { PortSummary } from "../../wire/container.ts";

interface Run {
  readonly host: string;
  readonly type: string;
  readonly first: number;
  last: number;
}

export function portsText(ports: readonly PortSummary[]): string {
  const current = new Map<string, Run>();
  const finished: string[] = [];
  const remapped: string[] = [];
  for (const port of [...ports].sort(comparePorts)) {
    const host = port.IP === undefined || port.IP === "" ? "" : bracketed(port.IP);
    if (host !== "" && port.PublicPort !== port.PrivatePort) {
      remapped.push(`${host}:${port.PublicPort ?? 0}->${port.PrivatePort}/${port.Type}`);
      continue;
    }
    const key = `${host}/${port.Type}`;
    const run = current.get(key);
    if (run !== undefined && port.PrivatePort === run.last + 1) {
      run.last = port.PrivatePort;
      continue;
    }
    if (run !== undefined) finished.push(runText(run));
    current.set(key, { host, type: port.Type, first: port.PrivatePort, last: port.PrivatePort });
  }
  return [...finished, ...[...current.values()].map(runText), ...remapped].join(", ");
}

const bracketed = (ip: string): string => (ip.includes(":") ? `[${ip}]` : ip);

function runText({ host, type, first, last }: Run): string {
  const range = first === last ? String(first) : `${first}-${last}`;
  return `${host === "" ? range : `${host}:${range}->${range}`}/${type}`;
}

function comparePorts(a: PortSummary, b: PortSummary): number {
  return (
    a.PrivatePort - b.PrivatePort ||
    compareText(a.IP ?? "", b.IP ?? "") ||
    (a.PublicPort ?? 0) - (b.PublicPort ?? 0) ||
    compareText(a.Type, b.Type)
  );
}

const compareText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
