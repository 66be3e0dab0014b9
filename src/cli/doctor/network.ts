/** What bridge networks need of the kernel, and what other software on the host may have set against them. */
import { type Finding, missing, ok, warning } from "./finding.ts";
import type { Host } from "./host.ts";

export function networkFindings(host: Host): Finding[] {
  return [...linkFindings(host), forwardFinding(host)];
}

/** Tried in a network namespace that vanishes with the command. */
function linkFindings(host: Host): Finding[] {
  const unshare = host.find("unshare");
  if (host.uid !== 0 || unshare === undefined || host.find("busybox") === undefined) return [];
  const works = (...command: readonly string[]): boolean => host.run([unshare, "-n", ...command]).exitCode === 0;
  const link = (type: string): boolean => works("busybox", "ip", "link", "add", "name", "tare-probe", "type", type);
  const absent = [
    ...(link("bridge") ? [] : ["CONFIG_BRIDGE"]),
    ...(link("veth") ? [] : ["CONFIG_VETH"]),
    ...(host.find("nft") === undefined || works("nft", "add", "table", "ip", "probe") ? [] : ["CONFIG_NF_TABLES"]),
  ];
  if (absent.length === 0) return [ok("network", "bridge, veth, nftables")];
  return [
    missing("network", `the kernel lacks ${absent.join(", ")}`, {
      why: "Containers can only use `--network none` or `--network host`.",
      fix: `modprobe bridge veth nf_tables, or a kernel with ${absent.join(", ")}`,
    }),
  ];
}

function forwardFinding(host: Host): Finding {
  const name = "forwarding";
  const dropping = ["ip", "inet"].filter((family) => dropsForwarded(host, family));
  if (dropping.length === 0) return ok(name, "not dropped by default");
  // The engine has its bridges excepted there.
  if (hasChain(host, "ip", "DOCKER-USER")) return ok(name, "dropped by default, with Docker's chain for exceptions");
  return warning(name, `the chain FORWARD of the table ${dropping[0]} filter drops packets by default`, {
    why: "Another firewall (ufw's, firewalld's) may keep containers from the network beyond this host.",
    fix: "iptables -I FORWARD -i tare0 -j ACCEPT && iptables -I FORWARD -o tare0 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT",
  });
}

const hasChain = (host: Host, family: string, chain: string): boolean =>
  host.run(["nft", "list", "chain", family, "filter", chain]).exitCode === 0;

function dropsForwarded(host: Host, family: string): boolean {
  const { exitCode, stdout } = host.run(["nft", "list", "chain", family, "filter", "FORWARD"]);
  return exitCode === 0 && /hook forward .*policy drop/.test(stdout);
}
