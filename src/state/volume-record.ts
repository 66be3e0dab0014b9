/** The durable record of a volume; its files lie in a directory of its own. */
import type { ContainerId } from "../base/ids.ts";

export interface VolumeRecord {
  readonly name: string;
  /** RFC 3339, whole seconds. */
  readonly createdAt: string;
  /** Null where none were asked for, as the API shows it. */
  readonly labels: Readonly<Record<string, string>> | null;
  /** Of the local driver: type, device, o, size. */
  readonly options: Readonly<Record<string, string>> | null;
  /** The container it was made for without a name. It goes when that container's record is gone. */
  readonly owner?: ContainerId;
  /** The oldest first. */
  readonly snapshots?: readonly SnapshotRecord[];
}

export interface SnapshotRecord {
  readonly name: string;
  /** RFC 3339 with nanoseconds. */
  readonly createdAt: string;
}
