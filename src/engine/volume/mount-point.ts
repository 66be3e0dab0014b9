/** A container's mounts as inspect and ps show them (moby container/mounts). */
import type { ContainerMount } from "../../state/container-mount.ts";
import type { ContainerSpec } from "../../state/container-record.ts";
import type { MountPoint } from "../../wire/container.ts";
import type { EngineContext } from "../context.ts";
import { preparedPath } from "./run-mounts.ts";

type Places = Pick<EngineContext, "paths" | "volumes">;

/** Those of `--tmpfs` are not among them, as with Docker. */
export function toMountPoints(places: Places, spec: ContainerSpec): MountPoint[] {
  return spec.mounts.map((mount) => toMountPoint(places, spec, mount));
}

/** In the list of containers a volume that only a path was given for (`-v /path`, VOLUME of an image) has no source, as with Docker. */
export function toSummaryMounts(places: Places, spec: ContainerSpec): MountPoint[] {
  return spec.mounts.map((mount) => {
    const point = toMountPoint(places, spec, mount);
    return mount.type === "volume" && mount.anonymous && mount.mode === "" ? { ...point, Source: "" } : point;
  });
}

function toMountPoint(places: Places, spec: ContainerSpec, mount: ContainerMount): MountPoint {
  const place = { Destination: mount.destination, Mode: mount.mode, RW: !mount.readOnly };
  switch (mount.type) {
    case "bind":
      return { Type: "bind", Source: mount.source, ...place, Propagation: mount.propagation };
    case "tmpfs":
      return { Type: "tmpfs", Source: "", ...place, Propagation: "" };
    case "image":
      return {
        Type: "image",
        Name: mount.image,
        Source: preparedPath(places, spec, mount),
        ...place,
        Propagation: "rprivate",
      };
    case "volume":
      return {
        Type: "volume",
        Name: mount.volume,
        Source: places.volumes.dataPath(mount.volume),
        Destination: mount.destination,
        Driver: "local",
        Mode: mount.mode,
        RW: !mount.readOnly,
        Propagation: "",
      };
  }
}
