/** The Go types behind the body of GET /volumes/{name} (swagger Volume). */
import { any, int, map, pointer, type Shape, struct, text } from "./shape.ts";

export const volumeShape: Shape = struct("volume.Volume", {
  ClusterVolume: pointer(struct("volume.ClusterVolume", {})),
  CreatedAt: text,
  Driver: text,
  Labels: map(text),
  Mountpoint: text,
  Name: text,
  Options: map(text),
  Scope: text,
  Status: map(any),
  UsageData: pointer(struct("volume.UsageData", { RefCount: int, Size: int })),
});
