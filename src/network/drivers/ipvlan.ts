/** The driver "ipvlan": endpoints that share the hardware address of a parent interface. */
import { systemError } from "../../base/errors.ts";
import type { IpvlanFlag, IpvlanMode } from "../../kernel/netlink/link.ts";
import type { NetworkRecord } from "../../state/network-record.ts";
import type { NetworkWorker } from "../device/worker-client.ts";
import type { Device } from "./device.ts";
import { mtuOption, OPTION, wordOption } from "./options.ts";
import { type Parented, parentOf } from "./parent.ts";

const MODES: readonly IpvlanMode[] = ["l2", "l3", "l3s"];
const FLAGS: readonly IpvlanFlag[] = ["bridge", "private", "vepa"];

type Network = Pick<NetworkRecord, "id" | "options">;

/** Throws in Docker's words. */
export function ipvlanMode({ options }: Network): { readonly mode: IpvlanMode; readonly flag: IpvlanFlag } {
  return {
    mode: wordOption(options[OPTION.ipvlanMode], MODES, {
      absent: "l2",
      refusal: (text) =>
        systemError(`requested ipvlan mode '${text}' is not valid, 'l2' mode is the ipvlan driver default`),
    }),
    flag: wordOption(options[OPTION.ipvlanFlag], FLAGS, {
      absent: "bridge",
      refusal: (text) =>
        systemError(`requested ipvlan flag '${text}' is not valid, 'bridge' is the ipvlan driver default`),
    }),
  };
}

export const ipvlanParent = (network: Network): Parented => parentOf(network, "ipvlan", "di-");

export function createIpvlanDevice(record: NetworkRecord, worker: NetworkWorker, alias: string): Device {
  const { mode, flag } = ipvlanMode(record);
  const parent = { ...ipvlanParent(record), alias };
  let index = 0;
  return {
    sharesMac: true,
    // What is routed, not switched, needs no router's address.
    routed: mode !== "l2",
    policy: undefined,
    hostBinding: undefined,
    interfaces: { mtu: mtuOption(record.options), prefix: "eth" },
    open: async () => {
      index = await worker.ensureParent(parent);
    },
    close: () => worker.deleteParent(parent),
    link: () => ({ kind: "ipvlan", parent: index, mode, flag }),
  };
}
