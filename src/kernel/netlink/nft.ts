/**
 * nftables over nfnetlink: tables, chains, rules, sets and their elements as requests, carried out in one transaction.
 * After linux/netfilter/nf_tables.h; `nft list ruleset` prints everything that is made here.
 */
import { attribute, be32, nested, readAttributes, readString, zstring } from "./attribute.ts";
import { type Message, NLM_F, type Request } from "./message.ts";
import { type DataType, join, lengthOf, type Parts, TYPE, type Verdict, value, verdict } from "./nft-data.ts";
import type { Expression } from "./nft-expression.ts";
import type { NetlinkSocket } from "./socket.ts";

const SUBSYSTEM = 10;
const BATCH = { BEGIN: 0x10, END: 0x11 } as const;
export const MSG = {
  NEWTABLE: 0,
  GETTABLE: 1,
  DELTABLE: 2,
  NEWCHAIN: 3,
  GETCHAIN: 4,
  DELCHAIN: 5,
  NEWRULE: 6,
  GETRULE: 7,
  DELRULE: 8,
  NEWSET: 9,
  NEWSETELEM: 12,
  DELSETELEM: 14,
  NEWGEN: 15,
} as const;
const TABLE = { NAME: 1 } as const;
const CHAIN = { TABLE: 1, NAME: 3, HOOK: 4, POLICY: 5, TYPE: 7 } as const;
const HOOK = { NUMBER: 1, PRIORITY: 2 } as const;
const RULE = { TABLE: 1, CHAIN: 2, HANDLE: 3, EXPRESSIONS: 4, USERDATA: 7 } as const;
const SET = {
  TABLE: 1,
  NAME: 2,
  FLAGS: 3,
  KEY_TYPE: 4,
  KEY_LEN: 5,
  DATA_TYPE: 6,
  DATA_LEN: 7,
  ID: 10,
  USERDATA: 13,
} as const;
const ELEMENTS = { TABLE: 1, SET: 2, LIST: 3 } as const;
const ELEMENT = { KEY: 1, DATA: 2 } as const;
const LIST_ELEM = 1;

const FAMILY = { inet: 1, ip: 2, ip6: 10 } as const;
const HOOK_NUMBER = { prerouting: 0, input: 1, forward: 2, output: 3, postrouting: 4 } as const;
const POLICY = { drop: 0, accept: 1 } as const;
const SET_FLAG_MAP = 8;
const VERDICT_TYPE = 0xffffff00;
/** Bits that each type takes in the number of a concatenation. */
const TYPE_BITS = 6;
const NLM_F_APPEND = 0x800;
const HEADER_BYTES = 4;
/** An attribute's length has 16 bits; far below it, so that elements of any kind fit. */
const ELEMENTS_PER_REQUEST = 400;
const COMMENT_USERDATA = 0;
/** Tells `nft list` that names are no numbers in network byte order. */
const NAMES_USERDATA = Buffer.of(0, 4, 1, 0, 0, 0);

export interface Table {
  readonly family: keyof typeof FAMILY;
  readonly name: string;
}

/** A chain at a hook sees packets; any other is jumped to. */
export interface Chain {
  readonly name: string;
  readonly hook?: {
    readonly type: "filter" | "nat" | "route";
    readonly at: keyof typeof HOOK_NUMBER;
    readonly priority: number;
    readonly policy?: keyof typeof POLICY;
  };
}

export interface Rule {
  readonly chain: string;
  readonly expressions: readonly Expression[];
  readonly comment?: string;
  /** At the head of the chain, not at its end. */
  readonly first?: boolean;
}

/** A set of keys, or a map when it has data. */
export interface SetDefinition {
  readonly name: string;
  readonly key: readonly DataType[];
  readonly data?: readonly DataType[] | "verdict";
}

export interface Element {
  readonly key: Parts;
  readonly data?: Parts | Verdict;
}

interface Draft {
  readonly type: number;
  readonly flags?: number;
  readonly attributes: readonly Uint8Array[];
  readonly subject: string;
}

/** struct nfgenmsg, then attributes. */
function request({ family }: Pick<Table, "family">, { type, flags = 0, attributes, subject }: Draft): Request {
  const body = Buffer.concat([Buffer.of(FAMILY[family], 0, 0, 0), ...attributes]);
  return { type: (SUBSYSTEM << 8) | type, flags, body, subject };
}

export function addTable(table: Table): Request {
  const attributes = [attribute(TABLE.NAME, zstring(table.name))];
  return request(table, { type: MSG.NEWTABLE, flags: NLM_F.CREATE, attributes, subject: `add table ${table.name}` });
}

/** ENOENT when there is none; adding it first makes its deletion succeed in any case. */
export function deleteTable(table: Table): Request {
  const attributes = [attribute(TABLE.NAME, zstring(table.name))];
  return request(table, { type: MSG.DELTABLE, attributes, subject: `delete table ${table.name}` });
}

/** Answers with the table; ENOENT when there is none. */
export function getTable(table: Table): Request {
  const attributes = [attribute(TABLE.NAME, zstring(table.name))];
  return request(table, { type: MSG.GETTABLE, attributes, subject: `get table ${table.name}` });
}

const named = (table: Table, chain: string): Buffer[] => [
  attribute(CHAIN.TABLE, zstring(table.name)),
  attribute(CHAIN.NAME, zstring(chain)),
];

export function addChain(table: Table, { name, hook }: Chain): Request {
  const attributes = [...named(table, name)];
  if (hook !== undefined) {
    attributes.push(
      nested(
        CHAIN.HOOK,
        attribute(HOOK.NUMBER, be32(HOOK_NUMBER[hook.at])),
        attribute(HOOK.PRIORITY, be32(hook.priority)),
      ),
      attribute(CHAIN.TYPE, zstring(hook.type)),
      attribute(CHAIN.POLICY, be32(POLICY[hook.policy ?? "accept"])),
    );
  }
  return request(table, { type: MSG.NEWCHAIN, flags: NLM_F.CREATE, attributes, subject: `add chain ${name}` });
}

/** EBUSY while rules jump to it. */
export function deleteChain(table: Table, name: string): Request {
  return request(table, { type: MSG.DELCHAIN, attributes: named(table, name), subject: `delete chain ${name}` });
}

/** Answers with the chain; ENOENT when there is none. */
export function getChain(table: Table, name: string): Request {
  return request(table, { type: MSG.GETCHAIN, attributes: named(table, name), subject: `get chain ${name}` });
}

const ofChain = (table: Table, chain: string): Buffer[] => [
  attribute(RULE.TABLE, zstring(table.name)),
  attribute(RULE.CHAIN, zstring(chain)),
];

export function addRule(table: Table, { chain, expressions, comment, first = false }: Rule): Request {
  const attributes = [...ofChain(table, chain), nested(RULE.EXPRESSIONS, ...expressions)];
  if (comment !== undefined) attributes.push(attribute(RULE.USERDATA, commentData(comment)));
  const flags = NLM_F.CREATE | (first ? 0 : NLM_F_APPEND);
  return request(table, { type: MSG.NEWRULE, flags, attributes, subject: `add rule to chain ${chain}` });
}

/** Deletes one rule, or all of the chain's when no handle is given. */
export function deleteRules(table: Table, chain: string, handle?: Uint8Array): Request {
  const attributes = [...ofChain(table, chain), ...(handle === undefined ? [] : [attribute(RULE.HANDLE, handle)])];
  return request(table, { type: MSG.DELRULE, attributes, subject: `delete rule of chain ${chain}` });
}

/** For `dump`: of one chain, or of all when none is named. */
export function listRules(table: Table, chain?: string): Request {
  const attributes = chain === undefined ? [attribute(RULE.TABLE, zstring(table.name))] : ofChain(table, chain);
  return request(table, { type: MSG.GETRULE, attributes, subject: `list rules of ${chain ?? table.name}` });
}

/** `id` tells the sets of one transaction apart. */
export function addSet(table: Table, { name, key, data }: SetDefinition, id: number): Request {
  const mapped = data === undefined ? [] : mapAttributes(data);
  const attributes = [
    attribute(SET.TABLE, zstring(table.name)),
    attribute(SET.NAME, zstring(name)),
    attribute(SET.FLAGS, be32(data === undefined ? 0 : SET_FLAG_MAP)),
    attribute(SET.KEY_TYPE, be32(typeNumber(key))),
    attribute(SET.KEY_LEN, be32(lengthOf(key))),
    ...mapped,
    attribute(SET.ID, be32(id)),
    ...(key.length === 1 && key[0] === TYPE.ifname ? [attribute(SET.USERDATA, NAMES_USERDATA)] : []),
  ];
  return request(table, { type: MSG.NEWSET, flags: NLM_F.CREATE, attributes, subject: `add set ${name}` });
}

function mapAttributes(data: readonly DataType[] | "verdict"): Buffer[] {
  const [type, length] = data === "verdict" ? [VERDICT_TYPE, 0] : [typeNumber(data), lengthOf(data)];
  return [attribute(SET.DATA_TYPE, be32(type)), attribute(SET.DATA_LEN, be32(length))];
}

const typeNumber = (types: readonly DataType[]): number =>
  types.reduce((number, { id }) => (number << TYPE_BITS) | id, 0);

/** EEXIST when a map has another value for the key; what is there already is fine. */
export function addElements(table: Table, set: string, elements: readonly Element[]): Request[] {
  return elementRequests(table, set, elements, { type: MSG.NEWSETELEM, flags: NLM_F.CREATE });
}

/** ENOENT when one is not there. */
export function deleteElements(table: Table, set: string, elements: readonly Element[]): Request[] {
  return elementRequests(table, set, elements, { type: MSG.DELSETELEM, flags: 0 });
}

function elementRequests(
  table: Table,
  set: string,
  elements: readonly Element[],
  { type, flags }: { readonly type: number; readonly flags: number },
): Request[] {
  const requests: Request[] = [];
  for (let at = 0; at < elements.length; at += ELEMENTS_PER_REQUEST) {
    const attributes = [
      attribute(ELEMENTS.TABLE, zstring(table.name)),
      attribute(ELEMENTS.SET, zstring(set)),
      nested(ELEMENTS.LIST, ...elements.slice(at, at + ELEMENTS_PER_REQUEST).map(toElement)),
    ];
    requests.push(request(table, { type, flags, attributes, subject: `elements of set ${set}` }));
  }
  return requests;
}

function toElement({ key, data }: Element): Buffer {
  const parts = [value(ELEMENT.KEY, join(key))];
  if (data !== undefined) parts.push("to" in data ? verdict(ELEMENT.DATA, data) : value(ELEMENT.DATA, join(data)));
  return nested(LIST_ELEM, ...parts);
}

function commentData(comment: string): Buffer {
  const text = zstring(comment);
  return Buffer.concat([Buffer.of(COMMENT_USERDATA, text.length), text]);
}

export interface ListedRule {
  readonly chain: string;
  /** For `deleteRules`. */
  readonly handle: Buffer;
  readonly comment: string | undefined;
}

/** Undefined for a message that describes no rule. */
export function readRule({ type, body }: Message): ListedRule | undefined {
  if (type !== ((SUBSYSTEM << 8) | MSG.NEWRULE)) return undefined;
  const attributes = readAttributes(body.subarray(HEADER_BYTES));
  const handle = attributes.get(RULE.HANDLE);
  if (handle === undefined) return undefined;
  const userdata = attributes.get(RULE.USERDATA);
  const comment = userdata?.[0] === COMMENT_USERDATA ? readString(userdata.subarray(2)) : undefined;
  return { chain: readString(attributes.get(RULE.CHAIN)) ?? "", handle, comment };
}

/** Of a chain at a hook; undefined for any other message. */
export function readPolicy({ type, body }: Message): keyof typeof POLICY | undefined {
  if (type !== ((SUBSYSTEM << 8) | MSG.NEWCHAIN)) return undefined;
  const policy = readAttributes(body.subarray(HEADER_BYTES)).get(CHAIN.POLICY);
  if (policy?.length !== 4) return undefined;
  return policy.readUInt32BE() === POLICY.drop ? "drop" : "accept";
}

const batch = (type: number): Request => ({
  type,
  flags: 0,
  body: Buffer.of(0, 0, SUBSYSTEM >> 8, SUBSYSTEM & 0xff),
  subject: "nftables transaction",
});
const BEGIN = batch(BATCH.BEGIN);
const END = batch(BATCH.END);

/** All of the requests or none. Throws the SysError of the first that was refused. `socket` is a NETLINK.NETFILTER one. */
export function transact(socket: NetlinkSocket, requests: readonly Request[]): void {
  if (requests.length > 0) socket.transact(BEGIN, requests, END);
}
