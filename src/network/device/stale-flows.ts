/**
 * Datagrams that go on for longer than the container they went to. The kernel remembers where the first of them was led and leads all others
 * the same way: past a port that was published since, or to the address of a container that is gone.
 */
import { hasCode } from "../../base/errors.ts";
import { isIPv4 } from "../../base/ip.ts";
import { deleteFlow, FLOW_STATUS, type Flow, listFlows, readFlow } from "../../kernel/netlink/conntrack.ts";
import { address } from "../../kernel/netlink/nft-data.ts";
import type { NetlinkSocket } from "../../kernel/netlink/socket.ts";

/** A UDP port of the host, and the container that it leads to from now on, or has led to until now. */
export interface ChangedPort {
  readonly hostPort: number;
  readonly containerIp: string;
  readonly isPublished: boolean;
}

const IPPROTO_UDP = 17;
const NAT = FLOW_STATUS.sourceNat | FLOW_STATUS.destinationNat;

/** Forgets what is led the wrong way by now. `socket` is a NETLINK.NETFILTER one. */
export function forgetFlows(socket: NetlinkSocket, ports: readonly ChangedPort[]): void {
  for (const port of ports) {
    const family = isIPv4(port.containerIp) ? "ipv4" : "ipv6";
    const filter = { family, protocol: IPPROTO_UDP, destinationPort: port.hostPort } as const;
    const flows = socket.dump(listFlows(filter)).flatMap((message) => readFlow(message) ?? []);
    for (const flow of flows.filter((each) => isStale(each, port))) forget(socket, flow);
  }
}

/** What goes to a port that was just published, unanswered; what was led to a container that no longer has it. */
function isStale(flow: Flow, { hostPort, containerIp, isPublished }: ChangedPort): boolean {
  if (flow.protocol !== IPPROTO_UDP || flow.destinationPort !== hostPort) return false;
  if (isPublished) return (flow.status & (NAT | FLOW_STATUS.seenReply)) === 0;
  return (flow.status & FLOW_STATUS.destinationNat) !== 0 && flow.answerer.equals(address(containerIp));
}

function forget(socket: NetlinkSocket, flow: Flow): void {
  try {
    socket.send(deleteFlow(flow));
  } catch (error) {
    if (!hasCode(error, "ENOENT")) throw error;
  }
}
