/** The addresses of one subnet: who has which, and which is next. In memory; running containers are told to it after a restart. */
import { systemError } from "../base/errors.ts";
import { type Gateway, sizeOf, toAddress, toNumber } from "./subnet.ts";

export class Addresses {
  readonly gateway: Gateway;
  readonly #taken = new Set<number>();
  #last: number;

  constructor(gateway: Gateway) {
    this.gateway = gateway;
    const { base } = gateway.subnet;
    this.#last = base;
    // The network's own, the gateway's and the broadcast address belong to nobody.
    for (const number of [base, toNumber(gateway.address), base + sizeOf(gateway.subnet) - 1]) this.#taken.add(number);
  }

  /** The first free one after the last that was given, so that an address rests before it is used again. */
  take(): string {
    const { base } = this.gateway.subnet;
    const size = sizeOf(this.gateway.subnet);
    for (let step = 1; step <= size; step++) {
      const number = base + ((this.#last - base + step) % size);
      if (this.#taken.has(number)) continue;
      this.#taken.add(number);
      this.#last = number;
      return toAddress(number);
    }
    throw systemError("no available IPv4 addresses on this network's address pools: bridge");
  }

  /** Marks one as taken that was given before a restart. */
  adopt(address: string): void {
    this.#taken.add(toNumber(address));
  }

  /** Idempotent. */
  release(address: string): void {
    if (address !== this.gateway.address) this.#taken.delete(toNumber(address));
  }
}

/** The hardware address that goes with an IPv4 address: as constant as that, so no neighbour's cache is ever stale. */
export function macOf(address: string): string {
  const bytes = address.split(".").map((byte) => Number(byte).toString(16).padStart(2, "0"));
  return ["02", "42", ...bytes].join(":");
}
