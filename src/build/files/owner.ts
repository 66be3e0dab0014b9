/** `--chown=user[:group]`: numbers, or names of the tree's own accounts. */
import { notFound } from "../../base/errors.ts";
import type { Accounts } from "../../runtime/spec/user.ts";

export interface Owner {
  readonly uid: number;
  readonly gid: number;
}

/** A number without a group is the group's as well; a name has the group of its account. Throws notFound. */
export function parseOwner(text: string, accounts: () => Accounts): Owner {
  const [user = "", group] = text.split(":", 2);
  const { uid, gid } = userOf(user, accounts);
  return { uid, gid: group === undefined || group === "" ? gid : groupOf(group, accounts) };
}

const isNumber = (text: string): boolean => /^\d+$/.test(text);

function userOf(user: string, accounts: () => Accounts): Owner {
  if (user === "") return { uid: 0, gid: 0 };
  if (isNumber(user)) return { uid: Number(user), gid: Number(user) };
  const line = lines(accounts().passwd).find(([name]) => name === user);
  if (line === undefined) throw notFound(`invalid user index: -1: no matching entries in passwd file for ${user}`);
  return { uid: Number(line[2]), gid: Number(line[3]) };
}

function groupOf(group: string, accounts: () => Accounts): number {
  if (isNumber(group)) return Number(group);
  const line = lines(accounts().group).find(([name]) => name === group);
  if (line === undefined) throw notFound(`invalid group index: -1: no matching entries in group file for ${group}`);
  return Number(line[2]);
}

const lines = (text: string): string[][] => text.split("\n").map((line) => line.split(":"));
