/** Block device limits: paths of the host become device numbers. */
import { statSync } from "node:fs";
import { hasCode, systemError } from "../../base/errors.ts";
import type { Resources, ThrottleDevice } from "../../wire/host-config.ts";
import { splitDevice } from "./device-node.ts";
import type { BlockIo, Throttle } from "./oci.ts";

/** Throws a system error for a device that is not there. Weights are left out where the kernel has none. */
export function toBlockIo(resources: Resources, hasWeights: boolean): BlockIo {
  const weights = hasWeights ? resources.BlkioWeightDevice : null;
  return {
    ...(hasWeights && resources.BlkioWeight > 0 ? { weight: resources.BlkioWeight } : {}),
    ...some(
      "weightDevice",
      (weights ?? []).map(({ Path, Weight }) => ({ ...deviceNumber(Path), weight: Weight })),
    ),
    ...some("throttleReadBpsDevice", throttles(resources.BlkioDeviceReadBps)),
    ...some("throttleWriteBpsDevice", throttles(resources.BlkioDeviceWriteBps)),
    ...some("throttleReadIOPSDevice", throttles(resources.BlkioDeviceReadIOps)),
    ...some("throttleWriteIOPSDevice", throttles(resources.BlkioDeviceWriteIOps)),
  };
}

const some = <K extends keyof BlockIo>(key: K, list: NonNullable<BlockIo[K]> & readonly unknown[]): BlockIo =>
  list.length === 0 ? {} : { [key]: list };

const throttles = (devices: readonly ThrottleDevice[] | null): Throttle[] =>
  (devices ?? []).map(({ Path, Rate }) => ({ ...deviceNumber(Path), rate: Rate }));

function deviceNumber(path: string): { major: number; minor: number } {
  try {
    return splitDevice(statSync(path).rdev);
  } catch (error) {
    if (hasCode(error, "ENOENT")) throw systemError(`stat ${path}: no such file or directory`, { cause: error });
    throw error;
  }
}
