/** Decodes the body of volume create. */
import { unavailable } from "../../base/errors.ts";
import type { VolumeCreateRequest } from "../volume.ts";
import { type Decoder, string, stringMap, struct } from "./primitives.ts";

interface Options extends VolumeCreateRequest {
  /** A volume of a swarm. */
  ClusterVolumeSpec: Record<string, never> | null;
}

const createOptions: Decoder<Options> = struct(
  "volume.CreateOptions",
  (): Options => ({ Name: "", Driver: "", DriverOpts: null, Labels: null, ClusterVolumeSpec: null }),
  {
    Name: string,
    Driver: string,
    DriverOpts: stringMap,
    Labels: stringMap,
    ClusterVolumeSpec: struct("volume.ClusterVolumeSpec", () => ({}), {}),
  },
);

/** Takes the parsed body; undefined is an empty one. */
export function decodeVolumeCreate(body: unknown): VolumeCreateRequest {
  const { ClusterVolumeSpec, ...request } = createOptions(body ?? {}, "CreateOptions");
  if (ClusterVolumeSpec !== null) {
    throw unavailable(
      'This node is not a swarm manager. Use "docker swarm init" or "docker swarm join" to connect this node to swarm and try again.',
    );
  }
  return request;
}
