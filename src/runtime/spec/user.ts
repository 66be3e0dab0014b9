/** Whom a process runs as: Docker's `user[:group]` against passwd(5) and group(5) texts (moby/sys/user). Pure: nothing is executed or looked up. */
import { invalidParameter } from "../../base/errors.ts";

/** The texts of /etc/passwd and /etc/group inside the root; empty when missing. */
export interface Accounts {
  readonly passwd: string;
  readonly group: string;
}

export interface Identity {
  readonly uid: number;
  readonly gid: number;
  /** The primary group first, as Docker has it since CVE-2022-36109. */
  readonly additionalGids: readonly number[];
  readonly home: string;
}

interface PasswdEntry {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
  readonly home: string;
}

interface GroupEntry {
  readonly name: string;
  readonly gid: number;
  readonly members: readonly string[];
}

const LAST_ID = 2 ** 31 - 1;
const NUMBER = /^[+-]?\d+$/;

/** Throws invalidParameter with Docker's messages for unknown names and numbers out of range (CVE-2024-40635). */
export function resolveUser(spec: string, groupAdd: readonly string[], accounts: Accounts): Identity {
  const [userPart = "", groupPart = ""] = spec.split(":");
  const account = findAccount(userPart, accounts.passwd);
  const groups = parseGroups(accounts.group);
  const isNumeric = NUMBER.test(userPart);
  if (account === undefined && userPart !== "" && !isNumeric) {
    throw invalidParameter(`unable to find user ${userPart}: no matching entries in passwd file`);
  }
  const uid = account?.uid ?? (userPart === "" ? 0 : toId(userPart));
  const gid = groupPart === "" ? (account?.gid ?? 0) : findGroup(groupPart, groups);
  const supplementary =
    groupPart === "" && account !== undefined ? groups.filter(({ members }) => members.includes(account.name)) : [];
  const additional = [
    ...supplementary.map((group) => group.gid),
    ...groupAdd.map((group) => findGroup(group, groups)),
  ].map(checkRange);
  return {
    uid: checkRange(uid),
    gid: checkRange(gid),
    additionalGids: [...new Set([gid, ...additional])],
    home: account?.home || "/",
  };
}

/** By number when it is one, else by name; nobody in particular is root. */
function findAccount(user: string, passwd: string): PasswdEntry | undefined {
  const uid = user === "" ? 0 : NUMBER.test(user) ? Number(user) : undefined;
  return parsePasswd(passwd).find((entry) => (uid === undefined ? entry.name === user : entry.uid === uid));
}

function findGroup(group: string, groups: readonly GroupEntry[]): number {
  const isNumeric = NUMBER.test(group);
  const found = groups.find(({ name, gid }) => (isNumeric ? gid === Number(group) : name === group));
  if (found !== undefined) return found.gid;
  if (!isNumeric) throw invalidParameter(`unable to find group ${group}: no matching entries in group file`);
  return toId(group);
}

const toId = (digits: string): number => checkRange(Number(digits));

function checkRange(id: number): number {
  if (id < 0 || id > LAST_ID) throw invalidParameter(`uids and gids must be in range 0-${LAST_ID}`);
  return id;
}

function parsePasswd(text: string): PasswdEntry[] {
  return records(text).flatMap(([name = "", , uid = "", gid = "", , home = ""]) =>
    NUMBER.test(uid) ? [{ name, uid: Number(uid), gid: NUMBER.test(gid) ? Number(gid) : 0, home }] : [],
  );
}

function parseGroups(text: string): GroupEntry[] {
  return records(text).flatMap(([name = "", , gid = "", members = ""]) =>
    NUMBER.test(gid) ? [{ name, gid: Number(gid), members: members.split(",").map((member) => member.trim()) }] : [],
  );
}

/** Fields of the lines that are neither empty nor comments nor NIS references. */
function records(text: string): string[][] {
  return text
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "" && !/^[#+-]/.test(line))
    .map((line) => line.split(":"));
}
