/** Volume shapes of the Docker Engine API, and those that tare has beyond it. */

export interface Volume {
  CreatedAt: string;
  Driver: string;
  Labels: Record<string, string> | null;
  Mountpoint: string;
  Name: string;
  Options: Record<string, string> | null;
  Scope: "local";
  /** In GET /system/df only. A size of -1 is unknown. */
  UsageData?: { Size: number; RefCount: number };
}

export interface VolumeCreateRequest {
  Name: string;
  Driver: string;
  DriverOpts: Record<string, string> | null;
  Labels: Record<string, string> | null;
}

export interface VolumeList {
  Volumes: Volume[];
  Warnings: string[] | null;
}

/** What a volume was at a moment; tare's own. */
export interface VolumeSnapshot {
  Name: string;
  /** RFC 3339. */
  CreatedAt: string;
}

export interface VolumePruneReport {
  VolumesDeleted: string[];
  /** Bytes. */
  SpaceReclaimed: number;
}
