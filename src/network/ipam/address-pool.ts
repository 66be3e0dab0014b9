/** The addresses of one subnet: who has which, and which is next. In memory; what runs is told to it after a restart. */
import { broadcastOf, contains, lastOf, type Prefix, toAddress, toValue } from "../../base/ip-prefix.ts";

export interface AddressPoolOptions {
  readonly subnet: Prefix;
  /** Where addresses are given from; the whole subnet when undefined. */
  readonly range?: Prefix | undefined;
  /** Belong to nobody: the gateway's, and those kept for something else. */
  readonly reserved: readonly string[];
}

export class AddressPool {
  readonly subnet: Prefix;
  readonly #range: Prefix;
  readonly #reserved: ReadonlySet<bigint>;
  readonly #taken = new Set<bigint>();
  /** Everything of the range below it is taken or reserved. */
  #next: bigint;

  constructor({ subnet, range = subnet, reserved }: AddressPoolOptions) {
    this.subnet = subnet;
    this.#range = range;
    this.#reserved = new Set([...reserved.map(toValue), ...edgesOf(subnet)]);
    this.#next = range.base;
  }

  /** The lowest free one, as Docker gives it: who stops and starts again has good prospects of its old one. Undefined when there is none. */
  take(): string | undefined {
    const last = lastOf(this.#range);
    for (let value = this.#next; value <= last; value += 1n) {
      if (!this.#isFree(value)) continue;
      this.#next = value + 1n;
      this.#taken.add(value);
      return toAddress(this.subnet.family, value);
    }
    this.#next = last + 1n;
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
    const value = toValue(address);
    if (!this.#taken.delete(value) || !contains(this.#range, address)) return;
    if (value < this.#next) this.#next = value;
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

/** The first address of the range that is not one of the subnet's edges, nor kept for something else: where a gateway goes that nobody named. */
export function firstUsable(options: AddressPoolOptions): string | undefined {
  return new AddressPool(options).take();
}
