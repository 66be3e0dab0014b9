/**
 * Our place in the chains of others. Docker and ufw drop what is forwarded and not theirs, with br_netfilter also what passes between
 * the ports of our bridges, and an accept in our own table overrides none of that. Docker leaves its chain DOCKER-USER to others; where
 * there is none, the head of a FORWARD chain that drops by default is taken. There one rule jumps to a chain of ours, made of
 * nothing that the iptables tools could not read.
 */
import { hasCode } from "../../base/errors.ts";
import {
  addChain,
  addRule,
  deleteChain,
  deleteRules,
  getChain,
  type ListedRule,
  listRules,
  readPolicy,
  readRule,
  type Table,
  transact,
} from "../../kernel/netlink/nft.ts";
import { ACCEPT, ifname, type Verdict } from "../../kernel/netlink/nft-data.ts";
import { counter, type Expression, equals, goTo, load } from "../../kernel/netlink/nft-expression.ts";
import type { NetlinkSocket } from "../../kernel/netlink/socket.ts";

const TABLES: readonly Table[] = [
  { family: "ip", name: "filter" },
  { family: "ip6", name: "filter" },
];
const FOR_OTHERS = "DOCKER-USER";
const FORWARD = "FORWARD";
/** Docker's networks stay as isolated from ours as from each other. */
const DOCKERS = [ifname("docker0"), Buffer.from("br-")] as const;

export class ForwardExceptions {
  readonly #socket: NetlinkSocket;
  /** Of our chain, and the comment of the rule that jumps there. No other engine's. */
  readonly #name: string;

  constructor(socket: NetlinkSocket, name: string) {
    this.#socket = socket;
    this.#name = name;
  }

  /** Lets the traffic of exactly these bridges through. Returns the chains of others that had to be changed for it. */
  allow(bridges: readonly string[]): string[] {
    return TABLES.flatMap((table) => {
      const host = this.#hostChain(table);
      if (host === undefined) return [];
      const jump = this.#jumps(table, host).length > 0 ? [] : [this.#jumpFrom(table, host)];
      transact(this.#socket, [
        addChain(table, { name: this.#name }),
        deleteRules(table, this.#name),
        ...rules(bridges).map((expressions) => addRule(table, { chain: this.#name, expressions })),
        ...jump,
      ]);
      return [`${table.family} ${table.name} ${host}`];
    });
  }

  /** Whether somebody has removed our rule, or come with a chain that needs one. */
  get areMissing(): boolean {
    return TABLES.some((table) => {
      const host = this.#hostChain(table);
      return host !== undefined && this.#jumps(table, host).length === 0;
    });
  }

  /** Idempotent. */
  remove(): void {
    for (const table of TABLES) {
      if (!this.#has(table, this.#name)) continue;
      const hosts = [FOR_OTHERS, FORWARD].filter((chain) => this.#has(table, chain));
      const jumps = hosts.flatMap((host) => this.#jumps(table, host));
      transact(this.#socket, [
        ...jumps.map(({ chain, handle }) => deleteRules(table, chain, handle)),
        deleteRules(table, this.#name),
        deleteChain(table, this.#name),
      ]);
    }
  }

  #jumpFrom(table: Table, chain: string) {
    const expressions = [counter, goTo({ to: "jump", chain: this.#name })];
    return addRule(table, { chain, expressions, comment: this.#name, first: true });
  }

  #jumps(table: Table, chain: string): ListedRule[] {
    const found = this.#socket.dump(listRules(table, chain)).flatMap((message) => readRule(message) ?? []);
    return found.filter((rule) => rule.chain === chain && rule.comment === this.#name);
  }

  /** Where our rule belongs; undefined when nothing is dropped. */
  #hostChain(table: Table): string | undefined {
    if (this.#has(table, FOR_OTHERS)) return FOR_OTHERS;
    return this.#chain(table, FORWARD).some((message) => readPolicy(message) === "drop") ? FORWARD : undefined;
  }

  #has(table: Table, chain: string): boolean {
    return this.#chain(table, chain).length > 0;
  }

  #chain(table: Table, chain: string) {
    try {
      return this.#socket.query(getChain(table, chain));
    } catch (error) {
      if (hasCode(error, "ENOENT")) return [];
      throw error;
    }
  }
}

function rules(bridges: readonly string[]): Expression[][] {
  const rule = (what: typeof load.oifname, name: Uint8Array, to: Verdict): Expression[] => [
    ...equals(what, name),
    counter,
    goTo(to),
  ];
  return [
    ...bridges.map((bridge) => rule(load.oifname, ifname(bridge), ACCEPT)),
    ...DOCKERS.map((name) => rule(load.oifname, name, { to: "return" })),
    ...bridges.map((bridge) => rule(load.iifname, ifname(bridge), ACCEPT)),
  ];
}
