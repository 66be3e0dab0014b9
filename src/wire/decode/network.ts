/** Decodes the bodies of network create, connect and disconnect. */
import { invalidParameter } from "../../base/errors.ts";
import type {
  Ipam,
  IpamConfig,
  NetworkConnectRequest,
  NetworkCreateRequest,
  NetworkDisconnectRequest,
} from "../network.ts";
import { endpointSettings } from "./endpoint.ts";
import { bool, type Decoder, list, string, stringMap, struct } from "./primitives.ts";

const ipamConfig: Decoder<IpamConfig> = struct("network.IPAMConfig", (): IpamConfig => ({ Subnet: "" }), {
  Subnet: string,
  IPRange: string,
  Gateway: string,
  AuxiliaryAddresses: stringMap,
});

const ipam: Decoder<Ipam> = struct("network.IPAM", (): Ipam => ({ Driver: "", Options: null, Config: null }), {
  Driver: string,
  Options: stringMap,
  Config: list("network.IPAMConfig", ipamConfig, () => ({ Subnet: "" })),
});

const createRequest: Decoder<NetworkCreateRequest> = struct(
  "network.CreateRequest",
  (): NetworkCreateRequest => ({
    Name: "",
    Driver: "",
    Scope: "",
    Internal: false,
    Attachable: false,
    Ingress: false,
    ConfigOnly: false,
    Options: {},
    Labels: {},
  }),
  {
    Name: string,
    Driver: string,
    Scope: string,
    EnableIPv4: bool,
    EnableIPv6: bool,
    IPAM: ipam,
    Internal: bool,
    Attachable: bool,
    Ingress: bool,
    ConfigOnly: bool,
    ConfigFrom: struct("network.ConfigReference", () => ({ Network: "" }), { Network: string }),
    Options: stringMap,
    Labels: stringMap,
  },
);

const connectRequest: Decoder<NetworkConnectRequest> = struct(
  "network.ConnectOptions",
  (): NetworkConnectRequest => ({ Container: "" }),
  { Container: string, EndpointConfig: endpointSettings },
);

const disconnectRequest: Decoder<NetworkDisconnectRequest> = struct(
  "network.DisconnectOptions",
  (): NetworkDisconnectRequest => ({ Container: "", Force: false }),
  { Container: string, Force: bool },
);

/** Takes the parsed body; an empty one is a request without a name. */
export const decodeNetworkCreate = (body: unknown): NetworkCreateRequest => createRequest(body ?? {}, "CreateRequest");

export function decodeNetworkConnect(body: unknown): NetworkConnectRequest {
  return named(connectRequest(body ?? {}, "ConnectOptions"));
}

export function decodeNetworkDisconnect(body: unknown): NetworkDisconnectRequest {
  return named(disconnectRequest(body ?? {}, "DisconnectOptions"));
}

function named<T extends { readonly Container: string }>(request: T): T {
  if (request.Container !== "") return request;
  throw invalidParameter('invalid name or ID supplied: ""');
}
