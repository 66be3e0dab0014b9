/** Networks in the Engine API, request by request. */
import { create, IMAGE, made, NOBODY, running, type Scenarios, type Step } from "./api-steps.ts";

const CREATE = "POST /networks/create";
const subnet = (Subnet: string, more: object = {}) => ({ Config: [{ Subnet, ...more }] });
const refused = (sent: object, status: number, message: string): Step => [
  CREATE,
  { Name: "conf-net", ...sent },
  status,
  message,
];
const wrong = (config: object, problem: string): Step =>
  refused({ IPAM: { Config: [config] } }, 400, `invalid network config:\n${problem}`);

export const NETWORKS: Scenarios = {
  "networks without addresses": [
    ["GET /networks/none", undefined, 200, { Driver: "null", IPAM: { Config: null } }],
    ["GET /networks/host", undefined, 200, { Driver: "host", IPAM: { Config: null } }],
  ],
  "a network is made, shown and removed": [
    [CREATE, { Name: "conf-net", IPAM: subnet("10.251.16.0/24"), Labels: { a: "b" } }, 201, { Warning: "" }],
    [
      "GET /networks/conf-net",
      undefined,
      200,
      {
        Name: "conf-net",
        Id: "{network}",
        Scope: "local",
        Driver: "bridge",
        EnableIPv4: true,
        EnableIPv6: false,
        IPAM: { Driver: "default", Options: null, Config: [{ Subnet: "10.251.16.0/24" }] },
        Internal: false,
        Attachable: false,
        Ingress: false,
        ConfigFrom: { Network: "" },
        ConfigOnly: false,
        Containers: {},
        Options: {},
        Labels: { a: "b" },
      },
    ],
    ["GET /networks/{network}", undefined, 200, { Name: "conf-net" }],
    ["GET /networks/conf-net?scope=local", undefined, 200, { Name: "conf-net" }],
    ["GET /networks/conf-net?scope=swarm", undefined, 404, "network conf-net not found"],
    ["GET /networks/conf-net?verbose=true", undefined, 200, { Name: "conf-net" }],
    [
      "GET /networks/conf-net?verbose=maybe",
      undefined,
      400,
      'invalid value for verbose: maybe: strconv.ParseBool: parsing "maybe": invalid syntax',
    ],
    [CREATE, { Name: "conf-net" }, 409, "network with name conf-net already exists"],
    [
      CREATE,
      { Name: "conf-net2", IPAM: subnet("10.251.16.128/25") },
      403,
      "invalid pool request: Pool overlaps with other one on this address space",
    ],
    ["DELETE /networks/conf-net", undefined, 204, ""],
    ["DELETE /networks/conf-net", undefined, 404, "network conf-net not found"],
    ["GET /networks/conf-net", undefined, 404, "network conf-net not found"],
    ["DELETE /networks/bridge", undefined, 403, "bridge is a pre-defined network and cannot be removed"],
    ['GET /networks?filters={"type":["x"]}', undefined, 500, "invalid filter: 'type'='x'"],
    ['GET /networks?filters={"nosuch":["x"]}', undefined, 400, "invalid filter 'nosuch'"],
    ["GET /networks?filters=nonsense", undefined, 400, "invalid filter"],
    ['POST /networks/prune?filters={"nosuch":["x"]}', undefined, 400, "invalid filter 'nosuch'"],
  ],
  "networks that cannot be": [
    [CREATE, undefined, 400, "invalid name: name is empty"],
    [CREATE, {}, 400, "invalid name: name is empty"],
    [
      CREATE,
      { Name: 5 },
      400,
      "invalid JSON: json: cannot unmarshal number into Go struct field CreateRequest.Name of type string",
    ],
    [CREATE, { Name: "host" }, 403, "operation is not permitted on predefined host network "],
    refused({ Driver: "host" }, 403, 'only one instance of "host" network is allowed'),
    refused({ IPAM: { Driver: "null" } }, 400, "ipv4 pool is empty"),
    refused({ EnableIPv4: false }, 400, "IPv4 or IPv6 must be enabled"),
    refused({ Scope: "swarm" }, 403, "cannot create a swarm scoped network when swarm is not active"),
    refused({ Ingress: true }, 403, "Ingress network can only be global scope network"),
    wrong({}, "invalid subnet : invalid CIDR block notation"),
    wrong({ Gateway: "10.251.16.1" }, "invalid subnet : invalid CIDR block notation"),
    wrong({ Subnet: "10.251.16.7/24" }, "invalid subnet 10.251.16.7/24: it should be 10.251.16.0/24"),
    wrong(
      { Subnet: "10.251.16.0/24", Gateway: "10.251.17.1" },
      "invalid gateway 10.251.17.1: parent subnet 10.251.16.0/24 doesn't contain this address",
    ),
    wrong(
      { Subnet: "10.251.16.0/24", Gateway: "x", IPRange: "y", AuxiliaryAddresses: { a: "z" } },
      "* invalid ip-range y: invalid CIDR block notation\n* invalid gateway x: invalid address\n* invalid auxiliary address a: invalid address",
    ),
    wrong(
      { Subnet: "10.251.16.0/24", IPRange: "10.251.16.7/23" },
      "* invalid ip-range 10.251.16.7/23: CIDR block is bigger than its parent subnet 10.251.16.0/24\n* invalid ip-range 10.251.16.7/23: it should be 10.251.16.0/23",
    ),
    wrong(
      { Subnet: "10.251.16.0/24", IPRange: "10.251.17.0/25" },
      "invalid ip-range 10.251.17.0/25: parent subnet 10.251.16.0/24 doesn't contain ip-range",
    ),
    wrong({ Subnet: "10.251.16.0/24", Gateway: "fd00::1" }, "invalid gateway fd00::1: parent subnet is an IPv4 block"),
    refused(
      { IPAM: subnet("10.251.16.0/24", { Gateway: "10.251.16.0" }) },
      500,
      "failed to allocate gateway (10.251.16.0): Address already in use",
    ),
    refused({ Options: { "com.docker.network.driver.mtu": "-1" } }, 400, "invalid MTU number: -1"),
    refused(
      { Driver: "macvlan", Options: { macvlan_mode: "x" } },
      500,
      "requested macvlan mode 'x' is not valid, 'bridge' mode is the macvlan driver default",
    ),
    refused({ ConfigFrom: { Network: "nosuch" } }, 404, 'configuration network "nosuch" does not exist'),
    refused(
      { ConfigOnly: true, ConfigFrom: { Network: "nosuch" } },
      403,
      "a configuration network cannot depend on another configuration network",
    ),
  ],
  "containers come and go": [
    [CREATE, { Name: "conf-net", IPAM: subnet("10.251.16.0/30") }, 201],
    ...running("conf-a", { Image: IMAGE, Cmd: ["sleep", "1000"], HostConfig: { NetworkMode: "conf-net" } }),
    [
      "GET /networks/conf-net",
      undefined,
      200,
      { Containers: { "{id}": { Name: "conf-a", IPv4Address: "10.251.16.2/30", IPv6Address: "" } } },
    ],
    ['GET /networks?filters={"name":["conf-net"]}', undefined, 200, [{ Name: "conf-net", Containers: {} }]],
    [
      "POST /networks/conf-net/connect",
      { Container: "conf-a" },
      403,
      "endpoint with name conf-a already exists in network conf-net",
    ],
    made("conf-b", { Image: IMAGE, Cmd: ["true"], HostConfig: { NetworkMode: "conf-net" } }),
    [
      "POST /containers/conf-b/start",
      undefined,
      500,
      "failed to set up container networking: no available IPv4 addresses on this network's address pools: conf-net ({network})",
    ],
    ["POST /networks/conf-net/connect", {}, 400, 'invalid name or ID supplied: ""'],
    ["POST /networks/conf-net/connect", { Container: "nosuch" }, 404, NOBODY],
    ["POST /networks/nosuch/connect", { Container: "nosuch" }, 404, NOBODY],
    ["POST /networks/nosuch/connect", { Container: "conf-a" }, 404, "network nosuch not found"],
    ["POST /networks/nosuch/connect", { Container: "conf-b" }, 200, ""],
    ["POST /networks/nosuch/disconnect", { Container: "conf-b" }, 200, ""],
    [
      "POST /networks/bridge/disconnect",
      { Container: "conf-b" },
      500,
      "container {id} is not connected to the network bridge",
    ],
    [
      "POST /networks/bridge/connect",
      { Container: "conf-a", EndpointConfig: { MacAddress: "x" } },
      400,
      "invalid MAC address x",
    ],
    [
      "POST /networks/bridge/connect",
      { Container: "conf-a", EndpointConfig: { Aliases: ["x"] } },
      400,
      "invalid endpoint settings:\nnetwork-scoped alias is supported only for containers in user defined networks",
    ],
    ["POST /networks/conf-net/disconnect", { Container: "nosuch", Force: true }, 404, "endpoint nosuch not found"],
    ["POST /networks/conf-net/disconnect", { Container: "conf-a" }, 200, ""],
    ["POST /networks/conf-net/disconnect", {}, 400, 'invalid name or ID supplied: ""'],
    ["DELETE /networks/conf-net", undefined, 204, ""],
    [
      "POST /containers/conf-b/start",
      undefined,
      404,
      "failed to set up container networking: network conf-net not found",
    ],
  ],
  "what a container cannot ask of its networks": [
    create(
      {
        Image: IMAGE,
        HostConfig: { NetworkMode: "nosuch" },
        NetworkingConfig: { EndpointsConfig: { nosuch: { IPAMConfig: { IPv4Address: "x" } } } },
      },
      400,
      "invalid config for network nosuch: invalid endpoint settings:\ninvalid IPv4 address: x",
    ),
    create(
      { Image: IMAGE, NetworkingConfig: { EndpointsConfig: { bridge: { Aliases: ["a"] } } } },
      400,
      "invalid config for network bridge: invalid endpoint settings:\nnetwork-scoped alias is supported only for containers in user defined networks",
    ),
    made("conf-a", { Image: IMAGE, Cmd: ["true"], NetworkingConfig: { EndpointsConfig: { host: {} } } }),
    [
      "POST /containers/conf-a/start",
      undefined,
      400,
      "failed to set up container networking: cannot connect container to host network - container must be created in host network mode",
    ],
  ],
};
