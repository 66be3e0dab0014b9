/** What bridge networks need of the kernel, and what other software on the host may have set against them. */
import { type Finding, missing, ok, warning } from "./finding.ts";
import type { Host } from "./host.ts";

export function networkFindings(host: Host): Finding[] {
  return [...linkFindings(host), ...forwardFindings(host)];
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

/** A chain at the kernel's forward hook that drops what no rule of it lets through. */
interface DroppingChain {
  /** "ip filter" */
  readonly table: string;
  readonly name: string;
}

/** iptables keeps its rules here, and so do Docker and ufw: the engine has its bridges excepted in them. */
const IPTABLES = ["ip filter", "ip6 filter"];

function forwardFindings(host: Host): Finding[] {
  const name = "forwarding";
  const text = host.run(["nft", "list", "ruleset"]).stdout;
  const dropping = droppingChains(text);
  const foreign = dropping.find(({ table }) => !IPTABLES.includes(table));
  const warnings = [
    ...(/^table \w+ firewalld /m.test(text) ? [firewalldFinding(name)] : []),
    ...(foreign === undefined ? [] : [foreignFinding(name, foreign)]),
  ];
  return warnings.length > 0 ? warnings : [ok(name, iptablesText(dropping, text))];
}

function iptablesText(dropping: readonly DroppingChain[], ruleset: string): string {
  if (dropping.length === 0) return "not dropped by default";
  const chains = dropping.map(({ table, name }) => `${table} ${name}`).join(", ");
  const by = ruleset.includes("chain DOCKER-USER") ? "in Docker's chain for exceptions" : "at its head";
  return `dropped by default (${chains}); the engine excepts its networks ${by}`;
}

const foreignFinding = (finding: string, { table, name }: DroppingChain): Finding =>
  warning(finding, `the chain ${name} of the table ${table} drops forwarded packets by default`, {
    why: "No rule elsewhere overrides that: containers reach nobody beyond this host, and are not reached.",
    fix: `nft insert rule ${table} ${name} oifname { "tare0", "br-*" } accept; nft insert rule ${table} ${name} iifname { "tare0", "br-*" } accept`,
  });

const firewalldFinding = (finding: string): Finding =>
  warning(finding, "firewalld rejects what interfaces without a zone forward", {
    why: "Containers reach nobody beyond this host until their bridge is in a zone that accepts.",
    fix: "firewall-cmd --permanent --zone=trusted --add-interface=tare0 && firewall-cmd --reload",
  });

function droppingChains(ruleset: string): DroppingChain[] {
  const chains: DroppingChain[] = [];
  let [table, name] = ["", ""];
  for (const line of ruleset.split("\n")) {
    table = /^table (\w+ \S+) \{/.exec(line)?.[1] ?? table;
    name = /^\tchain (\S+) \{/.exec(line)?.[1] ?? name;
    if (/^\t\ttype filter hook forward .*policy drop;/.test(line)) chains.push({ table, name });
  }
  return chains;
}
