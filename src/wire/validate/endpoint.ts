/** How a container is to be connected to a network, as far as that can be judged without knowing the network (moby v28 daemon/container_operations.go, validateEndpointSettings). */
import { isIPv4, isIPv6 } from "../../base/ip.ts";
import type { EndpointSettings } from "../container.ts";

const PREDEFINED = new Set(["bridge", "default", "host", "none"]);
const SYSCTLS = "com.docker.network.endpoint.sysctls";
const INTERFACE_SYSCTL = /^net\.(?:ipv4|ipv6|mpls)\.[^./=]+\.IFNAME\.[^./=]+=./i;

const MAC = /^([0-9a-f]{2})([:-])(?:[0-9a-f]{2}\2){4}[0-9a-f]{2}$/i;

export const isMac = (text: string): boolean => MAC.test(text);

/** What is wrong, in Docker's words and order. */
export function endpointProblems(network: string, endpoint: EndpointSettings): string[] {
  return [
    ...predefinedProblems(network, endpoint),
    ...addressProblems(endpoint),
    ...sysctlProblems(endpoint.DriverOpts?.[SYSCTLS] ?? ""),
  ];
}

function predefinedProblems(network: string, { IPAMConfig, Aliases }: EndpointSettings): string[] {
  if (!PREDEFINED.has(network)) return [];
  const isFixed = [IPAMConfig?.IPv4Address, IPAMConfig?.IPv6Address].some((address) => address);
  return [
    ...(isFixed ? ["user specified IP address is supported on user defined networks only"] : []),
    ...((Aliases ?? []).length > 0
      ? ["network-scoped alias is supported only for containers in user defined networks"]
      : []),
  ];
}

function addressProblems({ IPAMConfig }: EndpointSettings): string[] {
  const { IPv4Address: v4 = "", IPv6Address: v6 = "", LinkLocalIPs } = IPAMConfig ?? {};
  return [
    ...(v4 === "" || isIPv4(v4) ? [] : [`invalid IPv4 address: ${v4}`]),
    ...(v6 === "" || isIPv6(v6) ? [] : [`invalid IPv6 address: ${v6}`]),
    ...(LinkLocalIPs ?? [])
      .filter((address) => !isIPv4(address) && !isIPv6(address))
      .map((address) => `invalid link-local IP address: ${address}`),
  ];
}

function sysctlProblems(text: string): string[] {
  const wrong = text === "" ? [] : text.split(",").filter((entry) => !INTERFACE_SYSCTL.test(entry));
  return wrong.map(
    (entry) =>
      `unrecognised network interface sysctl '${entry}'; represent 'net.X.Y.ethN.Z=V' as 'net.X.Y.IFNAME.Z=V', 'X' must be 'ipv4', 'ipv6' or 'mpls'`,
  );
}
