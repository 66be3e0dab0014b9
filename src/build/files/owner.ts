/** `--chown=user[:group]`: numbers, or names of the tree's own accounts. */
import type { Accounts } from "../../runtime/spec/user.ts";

export interface Owner {
  readonly uid: number;
  readonly gid: number;
}

/** A number without a group is the group's as well; a name has the group of its account. Names that nobody has change nothing. */
export function parseOwner(text: string, accounts: () => Accounts): Owner {
  const [user = "", group = ""] = text.split(":", 2);
  const { uid, gid } = userOf(user, accounts);
  return { uid, gid: (group === "" ? undefined : groupOf(group, accounts)) ?? gid };
}

const isNumber = (text: string): boolean => /^\d+$/.test(text);

function userOf(user: string, accounts: () => Accounts): Owner {
  if (isNumber(user)) return { uid: Number(user), gid: Number(user) };
  const [, , uid = "0", gid = "0"] = lines(accounts().passwd).find(([name]) => name === user && user !== "") ?? [];
  return { uid: Number(uid), gid: Number(gid) };
}

function groupOf(group: string, accounts: () => Accounts): number | undefined {
  if (isNumber(group)) return Number(group);
  const line = lines(accounts().group).find(([name]) => name === group);
  return line === undefined ? undefined : Number(line[2]);
}

const lines = (text: string): string[][] => text.split("\n").map((line) => line.split(":"));
