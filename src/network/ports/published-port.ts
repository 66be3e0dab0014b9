/** A port of the host that leads to a container. */
export type Protocol = "tcp" | "udp" | "sctp";

export interface PublishedPort {
  /** "0.0.0.0", "::" or an address of this host. */
  readonly hostIp: string;
  /** 0 when none of the host's leads there: the port is open under the container's own address, on a routed network. */
  readonly hostPort: number;
  readonly protocol: Protocol;
  /** Of either family: an IPv6 host address may lead to a container that has IPv4 only. */
  readonly containerIp: string;
  readonly containerPort: number;
  /** The interface of the container's network on the host. */
  readonly bridge: string;
}
