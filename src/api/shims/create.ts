/** What requests of older clients mean today (moby daemon/server/router/container/container_routes.go, postContainersCreate). */
import { invalidParameter } from "../../base/errors.ts";
import type { ContainerCreateRequest, NetworkingConfig } from "../../wire/container.ts";
import { emptyEndpoint } from "../../wire/empty.ts";
import type { HostConfig, Mount } from "../../wire/host-config.ts";
import { isBelow } from "../negotiate.ts";

const DEFAULT_NETWORK = "bridge";

export interface AdaptedCreate {
  readonly request: ContainerCreateRequest;
  readonly warnings: readonly string[];
}

/** Throws invalidParameter for what the client's version did not have but must not silently lose. */
export function adaptCreate(request: ContainerCreateRequest, version: string): AdaptedCreate {
  const mounts = request.hostConfig.Mounts?.map((mount) => adaptMount(mount, version));
  const hostConfig = adaptHostConfig(request.hostConfig, version);
  const adapted: ContainerCreateRequest = {
    config: adaptConfig(request.config, version),
    hostConfig: { ...hostConfig, ...(mounts === undefined ? {} : { Mounts: mounts }) },
    networkingConfig: adaptNetworking(request.networkingConfig, version),
  };
  return migrateMacAddress(adapted, version);
}

function adaptConfig(config: ContainerCreateRequest["config"], version: string): ContainerCreateRequest["config"] {
  if (config.Healthcheck === undefined || !isBelow(version, "1.44")) return config;
  const { StartInterval: _unknown, ...health } = config.Healthcheck;
  return { ...config, Healthcheck: health };
}

function adaptHostConfig(host: HostConfig, version: string): HostConfig {
  const isDefaultNetwork = host.NetworkMode === "" || host.NetworkMode === "default";
  const adapted: HostConfig = {
    ...host,
    NetworkMode: isDefaultNetwork ? DEFAULT_NETWORK : host.NetworkMode,
    PidsLimit: host.PidsLimit !== null && host.PidsLimit > 0 ? host.PidsLimit : null,
    PortBindings: adaptPortBindings(host.PortBindings, version),
  };
  if (isBelow(version, "1.43")) delete adapted.Annotations;
  if (isBelow(version, "1.42")) adapted.ConsoleSize = [0, 0];
  if (isBelow(version, "1.40") && adapted.IpcMode === "") adapted.IpcMode = "shareable";
  if (isBelow(version, "1.25")) adapted.AutoRemove = false;
  return adapted;
}

/** An empty list of bindings meant "any port" until 1.53 and means "none" since. */
function adaptPortBindings(bindings: HostConfig["PortBindings"], version: string): HostConfig["PortBindings"] {
  if (bindings === null) return null;
  const isNone = !isBelow(version, "1.53");
  const adapted: NonNullable<HostConfig["PortBindings"]> = {};
  for (const [port, hosts] of Object.entries(bindings)) {
    const isEmpty = hosts === null || hosts.length === 0;
    if (!isEmpty) adapted[port] = hosts;
    else if (!isNone) adapted[port] = [{ HostIp: "", HostPort: "" }];
  }
  return adapted;
}

function adaptMount(mount: Mount, version: string): Mount {
  const { BindOptions, VolumeOptions, TmpfsOptions, ...rest } = mount;
  if (isBelow(version, "1.48") && mount.Type === "image") {
    throw invalidParameter('Mount type "Image" needs API v1.48 or newer');
  }
  if (isBelow(version, "1.45") && VolumeOptions?.Subpath) {
    throw invalidParameter("VolumeOptions.Subpath needs API v1.45 or newer");
  }
  if (isBelow(version, "1.44") && BindOptions?.ReadOnlyForceRecursive) {
    throw invalidParameter("BindOptions.ReadOnlyForceRecursive needs API v1.44 or newer");
  }
  const isLax = isBelow(version, "1.42");
  return {
    ...rest,
    ...(BindOptions === undefined ? {} : { BindOptions: adaptBindOptions(BindOptions, version) }),
    ...(VolumeOptions === undefined || (isLax && mount.Type !== "volume") ? {} : { VolumeOptions }),
    ...(TmpfsOptions === undefined || (isLax && mount.Type !== "tmpfs") ? {} : { TmpfsOptions }),
  };
}

function adaptBindOptions(
  options: NonNullable<Mount["BindOptions"]>,
  version: string,
): NonNullable<Mount["BindOptions"]> {
  const adapted = { ...options };
  if (isBelow(version, "1.44")) adapted.ReadOnlyNonRecursive = true;
  if (isBelow(version, "1.42")) delete adapted.CreateMountpoint;
  if (isBelow(version, "1.40")) delete adapted.NonRecursive;
  return adapted;
}

function adaptNetworking({ EndpointsConfig: endpoints }: NetworkingConfig, version: string): NetworkingConfig {
  const names = Object.keys(endpoints);
  if (isBelow(version, "1.44") && names.length > 1) {
    throw invalidParameter(`Container cannot be created with multiple network endpoints: ${names.join(", ")}`);
  }
  const adapted = Object.entries(endpoints).map(([name, endpoint]) => [
    name === "default" ? DEFAULT_NETWORK : name,
    isBelow(version, "1.48") ? { ...endpoint, GwPriority: 0 } : endpoint,
  ]);
  return { EndpointsConfig: Object.fromEntries(adapted) };
}

/** The container-wide address became one of its endpoint in 1.44, and is ignored since 1.52. */
function migrateMacAddress(request: ContainerCreateRequest, version: string): AdaptedCreate {
  const { MacAddress: mac, ...config } = request.config;
  if (!mac || !isBelow(version, "1.52")) return { request: { ...request, config }, warnings: [] };
  const mode = request.hostConfig.NetworkMode;
  const isPrivate = mode !== "host" && mode !== "none" && !mode.startsWith("container:");
  const isCurrent = !isBelow(version, "1.44");
  if (!isPrivate && !isCurrent) {
    throw invalidParameter("conflicting options: mac-address and the network mode");
  }
  const warnings = isCurrent
    ? ["The container-wide MacAddress field is now deprecated. It should be specified in EndpointsConfig instead."]
    : [];
  if (!isPrivate) return { request: { ...request, config }, warnings };
  const { EndpointsConfig: endpoints } = request.networkingConfig;
  const endpoint = endpoints[mode] ?? emptyEndpoint();
  if (isCurrent && endpoint.MacAddress !== "" && endpoint.MacAddress !== mac) {
    throw invalidParameter(
      "the container-wide MAC address must match the endpoint-specific MAC address for the main network, or be left empty",
    );
  }
  const networkingConfig = { EndpointsConfig: { ...endpoints, [mode]: { ...endpoint, MacAddress: mac } } };
  return { request: { ...request, config, networkingConfig }, warnings };
}
