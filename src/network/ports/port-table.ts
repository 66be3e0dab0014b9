/** Which ports of the host this engine has given away, and the choice of the next. In memory; told again after a restart. */
import { systemError } from "../../base/errors.ts";
import type { Protocol } from "./published-port.ts";

/** A port on several addresses of the host. */
export interface PortChoice {
  readonly protocol: Protocol;
  readonly hostIps: readonly string[];
}

export interface PortRange {
  readonly first: number;
  readonly last: number;
}

const UNSPECIFIED = new Set(["0.0.0.0", "::"]);

export class PortTable {
  /** Addresses by "tcp 80". */
  readonly #taken = new Map<string, Set<string>>();
  /** The port that was given last, by range. */
  readonly #last = new Map<string, number>();

  /** Throws in Docker's words when one of the addresses has the port given away. */
  take(choice: PortChoice, port: number): void {
    for (const hostIp of choice.hostIps) {
      const holder = this.#holder(choice.protocol, hostIp, port);
      if (holder !== undefined) throw systemError(`Bind for ${holder}:${port} failed: port is already allocated`);
    }
    this.adopt(choice, port);
  }

  /** The first free one after the one that was given last in this range. Throws in Docker's words when there is none. */
  takeNext(choice: PortChoice, range: PortRange): number {
    const key = `${choice.protocol} ${choice.hostIps[0] ?? ""} ${range.first}-${range.last}`;
    let port = this.#last.get(key) ?? range.last;
    for (let tried = range.first; tried <= range.last; tried++) {
      port = port >= range.last ? range.first : port + 1;
      if (choice.hostIps.some((hostIp) => this.#holder(choice.protocol, hostIp, port) !== undefined)) continue;
      this.#last.set(key, port);
      this.adopt(choice, port);
      return port;
    }
    throw systemError("all ports are allocated");
  }

  adopt({ protocol, hostIps }: PortChoice, port: number): void {
    const key = `${protocol} ${port}`;
    const holders = this.#taken.get(key) ?? new Set<string>();
    this.#taken.set(key, holders);
    for (const hostIp of hostIps) holders.add(hostIp);
  }

  /** Idempotent. */
  release({ protocol, hostIps }: PortChoice, port: number): void {
    const key = `${protocol} ${port}`;
    const holders = this.#taken.get(key);
    for (const hostIp of hostIps) holders?.delete(hostIp);
    if (holders?.size === 0) this.#taken.delete(key);
  }

  /** The address that has the port: this one, or one that includes it or is included. */
  #holder(protocol: Protocol, hostIp: string, port: number): string | undefined {
    const isV6 = hostIp.includes(":");
    const holders = [...(this.#taken.get(`${protocol} ${port}`) ?? [])].filter((held) => held.includes(":") === isV6);
    if (UNSPECIFIED.has(hostIp)) return holders[0];
    return holders.find((held) => held === hostIp || UNSPECIFIED.has(held));
  }
}
