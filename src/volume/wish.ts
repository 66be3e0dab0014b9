/** A volume as it is asked for. */
import type { ContainerId } from "../base/ids.ts";
import type { VolumeRecord } from "../state/volume-record.ts";

export interface VolumeWish {
  /** "" makes one with a name of its own. */
  readonly name: string;
  /** "" is local, the only one there is. */
  readonly driver: string;
  readonly labels: VolumeRecord["labels"];
  readonly options: VolumeRecord["options"];
  /** The container that it goes with. */
  readonly owner?: ContainerId;
}
