/** Decodes the body of POST /containers/create: the container's configuration with HostConfig and NetworkingConfig beside its fields. */
import { invalidParameter } from "../../base/errors.ts";
import type { ContainerConfig, ContainerCreateRequest, HealthConfig, NetworkingConfig } from "../container.ts";
import { emptyConfig, emptyEndpoint, emptyHostConfig } from "../empty.ts";
import type { HostConfig } from "../host-config.ts";
import { endpointSettings } from "./endpoint.ts";
import { hostConfig } from "./host-config.ts";
import {
  bool,
  duration,
  type Fields,
  int,
  map,
  omitEmpty,
  set,
  string,
  stringMap,
  stringOrList,
  strings,
  struct,
} from "./primitives.ts";

const healthConfig = struct("v1.HealthcheckConfig", (): HealthConfig => ({}), {
  Test: strings,
  Interval: duration,
  Timeout: duration,
  Retries: int,
  StartPeriod: duration,
  StartInterval: duration,
});

const configFields: Fields<ContainerConfig> = {
  Hostname: string,
  Domainname: string,
  User: string,
  AttachStdin: bool,
  AttachStdout: bool,
  AttachStderr: bool,
  ExposedPorts: set("nat.PortSet"),
  Tty: bool,
  OpenStdin: bool,
  StdinOnce: bool,
  Env: strings,
  Cmd: stringOrList,
  Healthcheck: healthConfig,
  ArgsEscaped: bool,
  Image: string,
  Volumes: set("map[string]struct {}"),
  WorkingDir: string,
  Entrypoint: stringOrList,
  NetworkDisabled: bool,
  MacAddress: string,
  OnBuild: strings,
  Labels: stringMap,
  StopSignal: string,
  StopTimeout: int,
  Shell: stringOrList,
};

const networkingConfig = struct("network.NetworkingConfig", (): NetworkingConfig => ({ EndpointsConfig: {} }), {
  EndpointsConfig: map("map[string]*network.EndpointSettings", endpointSettings, emptyEndpoint),
});

/** The document as it comes: the configuration's fields stand beside the two others. */
type CreateDocument = ContainerConfig & { HostConfig: HostConfig; NetworkingConfig: NetworkingConfig };

const createDocument = omitEmpty(
  struct(
    "container.CreateRequest",
    (): CreateDocument => ({
      ...emptyConfig(),
      HostConfig: emptyHostConfig(),
      NetworkingConfig: { EndpointsConfig: {} },
    }),
    { ...configFields, HostConfig: hostConfig, NetworkingConfig: networkingConfig },
  ),
  ["ExposedPorts", "NetworkDisabled", "Shell"],
);

const CONFIG_KEYS = new Set(Object.keys(configFields).map((name) => name.toLowerCase()));

/** The configuration alone, as commit takes it: undefined for no body and for null. */
export function decodeContainerConfig(body: unknown): ContainerConfig | undefined {
  if (body === undefined || body === null) return undefined;
  const { HostConfig: _host, NetworkingConfig: _networking, ...config } = createDocument(body, "");
  return config;
}

/** Takes the parsed body; a document without any field of the configuration is refused as empty. */
export function decodeContainerCreate(body: unknown): ContainerCreateRequest {
  const document = body ?? {};
  const { HostConfig: host, NetworkingConfig: networking, ...config } = createDocument(document, "");
  if (!Object.keys(document).some((key) => CONFIG_KEYS.has(key.toLowerCase()))) {
    throw invalidParameter("config cannot be empty in order to create a container");
  }
  return { config, hostConfig: host, networkingConfig: networking };
}
