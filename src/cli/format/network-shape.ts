/** The Go types behind the body of GET /networks/{id} (swagger Network). */
import { bool, list, map, type Shape, struct, text } from "./shape.ts";

export const networkShape: Shape = struct("network.Inspect", {
  Name: text,
  Id: text,
  Created: text,
  Scope: text,
  Driver: text,
  EnableIPv4: bool,
  EnableIPv6: bool,
  IPAM: struct("network.IPAM", {
    Driver: text,
    Options: map(text),
    Config: list(
      struct("network.IPAMConfig", { Subnet: text, IPRange: text, Gateway: text, AuxiliaryAddresses: map(text) }),
    ),
  }),
  Internal: bool,
  Attachable: bool,
  Ingress: bool,
  ConfigFrom: struct("network.ConfigReference", { Network: text }),
  ConfigOnly: bool,
  Containers: map(
    struct("network.EndpointResource", {
      Name: text,
      EndpointID: text,
      MacAddress: text,
      IPv4Address: text,
      IPv6Address: text,
    }),
  ),
  Options: map(text),
  Labels: map(text),
});
