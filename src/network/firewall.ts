/** The engine's firewall: one nftables table of its own, and a place in Docker's when Docker has closed forwarding. */
import { applyRuleset, findRules } from "../kernel/nftables.ts";

export interface FirewallNames {
  /** Of the engine's table. */
  readonly table: string;
  readonly bridge: string;
}

/**
 * Outbound traffic leaves under the host's address; containers reach each other; from outside only answers come in. The
 * whole table is replaced in one transaction.
 */
function toRuleset({ table, bridge }: FirewallNames, subnet: string): string {
  return `table ip ${table}
delete table ip ${table}
table ip ${table} {
  chain forward {
    type filter hook forward priority filter; policy accept;
    iifname "${bridge}" ct state invalid drop
    oifname "${bridge}" ct state invalid drop
    oifname "${bridge}" ct state established,related accept
    iifname "${bridge}" accept
    oifname "${bridge}" drop
  }
  chain postrouting {
    type nat hook postrouting priority srcnat; policy accept;
    ip saddr ${subnet} oifname != "${bridge}" masquerade
  }
}
`;
}

/**
 * Docker drops all forwarded traffic that is not its own, and with br_netfilter also what passes between the ports of
 * our bridge; no accept in another table overrides that. DOCKER-USER is the chain that it leaves to others. Docker's
 * networks stay as isolated from ours as from each other.
 */
function toDockerRules({ bridge }: Pick<FirewallNames, "bridge">): string {
  return [
    `iifname "${bridge}" oifname "docker0" counter return`,
    `iifname "${bridge}" oifname "br-*" counter return`,
    `iifname "${bridge}" counter accept`,
    `oifname "${bridge}" counter accept`,
  ]
    .map((rule) => `insert rule ip filter DOCKER-USER ${rule} comment "${bridge}"\n`)
    .reverse()
    .join("");
}

const DOCKER_USER = { family: "ip", table: "filter", chain: "DOCKER-USER" } as const;

/** Returns true when Docker's forwarding had to be opened for the bridge as well. */
export async function openFirewall(names: FirewallNames, subnet: string): Promise<boolean> {
  const [rules] = await Promise.all([findRules(DOCKER_USER, names.bridge), applyRuleset(toRuleset(names, subnet))]);
  if (rules?.length === 0) await applyRuleset(toDockerRules(names));
  return rules !== undefined;
}

/** Idempotent. */
export async function removeFirewall({ table, bridge }: FirewallNames): Promise<void> {
  const rules = (await findRules(DOCKER_USER, bridge)) ?? [];
  const deletions = rules.map((handle) => `delete rule ip filter DOCKER-USER handle ${handle}\n`);
  // Naming the table first makes its deletion succeed when there is none.
  await applyRuleset(`table ip ${table}\ndelete table ip ${table}\n${deletions.join("")}`);
}
