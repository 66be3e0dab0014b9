import { expect, test } from "bun:test";
import type { EndpointSettings } from "../container.ts";
import { emptyEndpoint } from "../empty.ts";
import { endpointProblems, isMac } from "./endpoint.ts";

const ON_PREDEFINED = "user specified IP address is supported on user defined networks only";
const ALIAS = "network-scoped alias is supported only for containers in user defined networks";
const sysctl = (entry: string): string =>
  `unrecognised network interface sysctl '${entry}'; represent 'net.X.Y.ethN.Z=V' as 'net.X.Y.IFNAME.Z=V', 'X' must be 'ipv4', 'ipv6' or 'mpls'`;
const sysctls = (text: string) => ({ DriverOpts: { "com.docker.network.endpoint.sysctls": text } });

test.each<[what: string, network: string, settings: Partial<EndpointSettings>, problems: string[]]>([
  ["nothing asked for", "bridge", {}, []],
  ["an alias on the default bridge", "bridge", { Aliases: ["a"] }, [ALIAS]],
  ["an alias on a user's network", "mine", { Aliases: ["a"] }, []],
  ["a fixed address on the default bridge", "bridge", { IPAMConfig: { IPv4Address: "10.0.0.7" } }, [ON_PREDEFINED]],
  [
    "words for addresses on the default bridge",
    "default",
    { Aliases: ["a"], IPAMConfig: { IPv4Address: "x", IPv6Address: "y" } },
    [ON_PREDEFINED, ALIAS, "invalid IPv4 address: x", "invalid IPv6 address: y"],
  ],
  [
    "an IPv6 address in place of an IPv4 one",
    "mine",
    { IPAMConfig: { IPv4Address: "::1" } },
    ["invalid IPv4 address: ::1"],
  ],
  [
    "a sysctl of the interface",
    "mine",
    sysctls("net.ipv4.conf.IFNAME.log_martians=1,net.ipv6.conf.ifname.use_tempaddr=2"),
    [],
  ],
  [
    "a sysctl of another interface",
    "mine",
    sysctls("net.ipv4.conf.eth0.log_martians=1"),
    [sysctl("net.ipv4.conf.eth0.log_martians=1")],
  ],
  [
    "a sysctl that leads elsewhere",
    "mine",
    sysctls("net.ipv4.conf.IFNAME./../x=1"),
    [sysctl("net.ipv4.conf.IFNAME./../x=1")],
  ],
  ["a sysctl of the whole host", "mine", sysctls("kernel.x.IFNAME.y=1"), [sysctl("kernel.x.IFNAME.y=1")]],
])("endpointProblems() of %s", (_what, network, settings, problems) => {
  expect(endpointProblems(network, { ...emptyEndpoint(), ...settings })).toEqual(problems);
});

test("isMac() takes six bytes with one kind of separator", () => {
  expect(
    ["02:42:ac:11:00:02", "02-42-AC-11-00-02", "02:42-ac:11:00:02", "0242ac110002", "02:42:ac:11:00"].map(isMac),
  ).toEqual([true, true, false, false, false]);
});
