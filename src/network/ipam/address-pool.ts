/** The addresses of one subnet: who has which, and which is next. In memory; what runs is told to it after a restart. */
import { broadcastOf, contains, lastOf, type Prefix, sizeOf, toAddress, toValue } from "../../base/ip-prefix.ts";

export interface AddressPoolOptions {
  readonly subnet: Prefix;
  /** Where addresses are given from; the whole subnet when undefined. */
  readonly range?: Prefix | undefined;
  /** Belong to nobody: the gateway's, and those kept for something else. */
  readonly reserved: readonly string[];
  /** An address rests before it is used again: the next one is given. Otherwise the lowest, as Docker does. */
  readonly rests: boolean;
}

export class AddressPool {
  readonly subnet: Prefix;
  readonly #range: Prefix;
  readonly #reserved: ReadonlySet<bigint>;
  readonly #taken = new Set<bigint>();
  readonly #rests: boolean;
  #last: bigint;

  constructor({ subnet, range = subnet, reserved, rests }: AddressPoolOptions) {
    this.subnet = subnet;
    this.#rests = rests;
    this.#range = range;
    this.#reserved = new Set([...reserved.map(toValue), ...edgesOf(subnet)]);
    this.#last = lastOf(range);
  }

  /** Undefined when there is none. */
  take(): string | undefined {
    const { base } = this.#range;
    const size = sizeOf(this.#range);
    // As many are enough to try as there are that cannot be had, and one more.
    const tries = BigInt(this.#taken.size + this.#reserved.size) + 1n;
    for (let step = 1n; step <= (tries < size ? tries : size); step += 1n) {
      const value = base + ((this.#last - base + step) % size);
      if (!this.#isFree(value)) continue;
      if (this.#rests) this.#last = value;
      this.#taken.add(value);
      return toAddress(this.subnet.family, value);
    }
    return undefined;
  }

  /** True when the address, which lies in the subnet, was free; also outside the range. */
  takeThis(address: string): boolean {
    const value = toValue(address);
    if (!this.#isFree(value)) return false;
    this.#taken.add(value);
    return true;
  }

  /** Marks one as taken that was given before a restart. */
  adopt(address: string): void {
    if (contains(this.subnet, address)) this.#taken.add(toValue(address));
  }

  /** Idempotent. */
  release(address: string): void {
    this.#taken.delete(toValue(address));
  }

  #isFree(value: bigint): boolean {
    return !this.#taken.has(value) && !this.#reserved.has(value);
  }
}

/** The network's own address and the broadcast address; prefixes of one or two addresses have neither (RFC 3021, RFC 6164). */
function edgesOf(subnet: Prefix): bigint[] {
  const broadcast = broadcastOf(subnet);
  const hasOwn = subnet.family === 4 ? broadcast !== undefined : subnet.length < 127;
  return [...(hasOwn ? [subnet.base] : []), ...(broadcast === undefined ? [] : [toValue(broadcast)])];
}
