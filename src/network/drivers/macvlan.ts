/** The driver "macvlan": endpoints with hardware addresses of their own on the network of a parent interface. */
import { systemError } from "../../base/errors.ts";
import type { MacvlanMode } from "../../kernel/netlink/link.ts";
import type { NetworkRecord } from "../../state/network-record.ts";
import type { NetworkWorker } from "../device/worker-client.ts";
import type { Device } from "./device.ts";
import { mtuOption, OPTION, wordOption } from "./options.ts";
import { type Parented, parentOf } from "./parent.ts";

const MODES: readonly MacvlanMode[] = ["bridge", "private", "vepa", "passthru"];

type Network = Pick<NetworkRecord, "id" | "options">;

/** Throws in Docker's words. */
export function macvlanMode({ options }: Network): MacvlanMode {
  return wordOption(options[OPTION.macvlanMode], MODES, {
    absent: "bridge",
    refusal: (text) =>
      systemError(`requested macvlan mode '${text}' is not valid, 'bridge' mode is the macvlan driver default`),
  });
}

export const macvlanParent = (network: Network): Parented => parentOf(network, "macvlan", "dm-");

export function createMacvlanDevice(record: NetworkRecord, worker: NetworkWorker, alias: string): Device {
  const mode = macvlanMode(record);
  const parent = { ...macvlanParent(record), alias };
  let index = 0;
  return {
    sharesMac: false,
    routed: false,
    policy: undefined,
    hostBinding: undefined,
    interfaces: { mtu: mtuOption(record.options), prefix: "eth" },
    open: async () => {
      index = await worker.ensureParent(parent);
    },
    close: () => worker.deleteParent(parent),
    link: () => ({ kind: "macvlan", parent: index, mode }),
  };
}
