/** The parent interface of a macvlan or ipvlan network. Pure. */
import { systemError } from "../../base/errors.ts";
import type { NetworkRecord } from "../../state/network-record.ts";
import { OPTION } from "./options.ts";

const ID_DIGITS = 12;

export interface Parented {
  /** The interface's name. */
  readonly name: string;
  /** Nobody named one: it is ours, and leads nowhere. */
  readonly dummy: boolean;
}

export function parentOf(
  { id, options }: Pick<NetworkRecord, "id" | "options">,
  driver: string,
  prefix: string,
): Parented {
  const named = options[OPTION.parent] ?? "";
  if (named === "lo") throw systemError(`loopback interface is not a valid ${driver} parent link`);
  return named === "" ? { name: `${prefix}${id.slice(0, ID_DIGITS)}`, dummy: true } : { name: named, dummy: false };
}
