/** From what a user asks for (`-v`, `--mount`, `--volumes-from`, VOLUME of an image) to the mounts of a container. Makes nothing. */
import { posix } from "node:path";
import { invalidParameter } from "../../base/errors.ts";
import { checkBindSource } from "../../runtime/bind-source.ts";
import { checkDestination } from "../../runtime/spec/root-check.ts";
import { toTmpfsOptions } from "../../runtime/spec/tmpfs.ts";
import { DEFAULT_PROPAGATION } from "../../runtime/spec/user-mount.ts";
import {
  type BindMount,
  type ContainerMount,
  PROPAGATIONS,
  type Propagation,
  type VolumeMount,
} from "../../state/container-mount.ts";
import type { VolumeWish } from "../../volume/wish.ts";
import type { ContainerConfig } from "../../wire/container.ts";
import type { HostConfig, Mount } from "../../wire/host-config.ts";
import { parseBind } from "../../wire/validate/binds.ts";
import type { EngineContext } from "../context.ts";
import { ANONYMOUS_LABEL } from "./anonymous.ts";
import { donatedMounts } from "./donors.ts";

/** A mount of a container that is about to be made. */
export interface PlannedMount {
  readonly mount: ContainerMount;
  /** How to make the volume, when it is one that the container brings with it. */
  readonly request?: VolumeWish;
  /** A volume that is empty receives what the image has in that place. */
  readonly copy: boolean;
}

/** What a request may refer to. */
interface Known {
  readonly registry: EngineContext["registry"];
  readonly images: Pick<EngineContext["images"], "inspect">;
}

type Wanted = Pick<HostConfig, "Binds" | "Mounts" | "Tmpfs" | "VolumesFrom" | "VolumeDriver">;

/**
 * Shallow destinations first. What is said of one place replaces what a donor has there, and either replaces the image's volume.
 * Throws in Docker's words. `name` gives a volume that has none its name.
 */
export function planMounts(
  ctx: Known,
  { Volumes }: Pick<ContainerConfig, "Volumes">,
  wanted: Wanted,
  name: () => string,
): PlannedMount[] {
  const byPlace = new Map<string, PlannedMount>();
  const add = (planned: PlannedMount): void => void byPlace.set(planned.mount.destination, planned);
  for (const mount of donatedMounts(ctx.registry, wanted.VolumesFrom ?? [])) add({ mount, copy: false });
  for (const bind of wanted.Binds ?? []) add(planBind(bind, wanted.VolumeDriver, name));
  for (const mount of wanted.Mounts ?? []) add(planMount(ctx, mount, name));
  const tmpfs = new Set(Object.keys(wanted.Tmpfs ?? {}).map(cleanPath));
  for (const path of Object.keys(Volumes ?? {}).map(cleanPath)) {
    if (!byPlace.has(path) && !tmpfs.has(path)) {
      add(planAnonymousVolume({ destination: path, mode: "" }, wanted.VolumeDriver, name()));
    }
  }
  const planned = [...byPlace.values()];
  for (const { mount } of planned) checkDestination(mount.destination);
  return planned.sort((a, b) => depth(a.mount.destination) - depth(b.mount.destination));
}

const depth = (path: string): number => path.split("/").length;

/** Absolute, without dots, double and trailing slashes. */
const cleanPath = (path: string): string => posix.normalize(`/${path}`).replace(/(?<=.)\/+$/, "");

/** Docker shows this mode, of shared SELinux labels, for every volume that was given none. */
const SHARED_LABEL = "z";

function planBind(spec: string, driver: string, name: () => string): PlannedMount {
  const { type, source, destination, options } = parseBind(spec);
  const place = { destination, readOnly: options.includes("ro"), mode: options.join(",") };
  if (type === "bind") {
    const propagation = PROPAGATIONS.find((word) => options.includes(word)) ?? DEFAULT_PROPAGATION;
    const mount: BindMount = {
      ...place,
      type,
      source: cleanPath(source),
      propagation,
      recursive: true,
      recursiveReadOnly: "ifPossible",
      createSource: true,
    };
    return { mount, copy: false };
  }
  if (source === "") return planAnonymousVolume({ destination, mode: SHARED_LABEL }, driver, name());
  const mount: VolumeMount = {
    ...place,
    mode: place.mode || SHARED_LABEL,
    type,
    volume: source,
    anonymous: false,
    subpath: "",
  };
  return { mount, request: { name: source, driver, labels: null, options: null }, copy: !options.includes("nocopy") };
}

function planAnonymousVolume(
  place: Pick<VolumeMount, "destination" | "mode">,
  driver: string,
  name: string,
): PlannedMount {
  const mount: VolumeMount = {
    ...place,
    type: "volume",
    readOnly: false,
    volume: name,
    anonymous: true,
    subpath: "",
  };
  return { mount, request: { name, driver, labels: ANONYMOUS_LABELS, options: null }, copy: true };
}

const ANONYMOUS_LABELS = { [ANONYMOUS_LABEL]: "" } as const;

function planMount(ctx: Known, mount: Mount, name: () => string): PlannedMount {
  const place = { destination: cleanPath(mount.Target), readOnly: mount.ReadOnly ?? false, mode: "" };
  switch (mount.Type) {
    case "bind":
      return { mount: { ...place, ...bindOptions(mount) }, copy: false };
    case "volume":
      return planVolumeMount(mount, place, name);
    case "tmpfs":
      return { mount: { ...place, type: "tmpfs", options: toTmpfsOptions(mount) }, copy: false };
    case "image":
      return { mount: { ...place, readOnly: true, ...imageOptions(ctx, mount) }, copy: false };
    case "npipe":
    case "cluster":
  }
  throw invalidParameter(`invalid mount config for type "${mount.Type}": mount type unknown`);
}

function bindOptions({
  Source = "",
  BindOptions: options = {},
}: Mount): Omit<BindMount, "destination" | "readOnly" | "mode"> {
  const createSource = options.CreateMountpoint === true;
  const source = cleanPath(Source);
  if (!createSource) checkBindSource(source);
  return {
    type: "bind",
    source,
    propagation: toPropagation(options.Propagation),
    recursive: options.NonRecursive !== true,
    recursiveReadOnly: options.ReadOnlyForceRecursive ? "required" : options.ReadOnlyNonRecursive ? "no" : "ifPossible",
    createSource,
  };
}

function toPropagation(word: string | undefined): Propagation {
  return PROPAGATIONS.find((known) => known === word) ?? DEFAULT_PROPAGATION;
}

type Place = Pick<VolumeMount, "destination" | "readOnly" | "mode">;

function planVolumeMount(
  { Source = "", VolumeOptions: options = {} }: Mount,
  place: Place,
  name: () => string,
): PlannedMount {
  const anonymous = Source === "";
  const volume = anonymous ? name() : Source;
  const subpath = options.Subpath ?? "";
  const labels = { ...options.Labels, ...(anonymous ? ANONYMOUS_LABELS : {}) };
  const request: VolumeWish = {
    name: volume,
    driver: options.DriverConfig?.Name ?? "",
    labels: Object.keys(labels).length === 0 ? null : labels,
    options: options.DriverConfig?.Options ?? null,
  };
  return {
    mount: { ...place, mode: SHARED_LABEL, type: "volume", volume, anonymous, subpath },
    request,
    copy: options.NoCopy !== true,
  };
}

function imageOptions({ images }: Known, { Source = "", ImageOptions: options = {} }: Mount) {
  const subpath = options.Subpath ?? "";
  return { type: "image", image: Source, imageId: images.inspect(Source).Id, subpath } as const;
}
