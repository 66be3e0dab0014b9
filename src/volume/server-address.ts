/** Names of file servers in mount options, which mount(2) wants as addresses (moby volume/local, getAddress). */
import { lookup } from "node:dns/promises";
import { isIP } from "../base/ip.ts";
import type { WantedMount } from "./options.ts";

const ADDRESS = /(^|,)addr=([^,]+)/;

/** The same mount with `addr=` as an address. Throws when the name is not known. */
export async function withServerAddress(wanted: WantedMount): Promise<WantedMount> {
  const name = ADDRESS.exec(wanted.words)?.[2];
  if (name === undefined || !/^(nfs|nfs4|cifs|smb3)$/.test(wanted.type) || isIP(name)) return wanted;
  const { address } = await lookup(name);
  return { ...wanted, words: wanted.words.replace(ADDRESS, (_whole, before: string) => `${before}addr=${address}`) };
}
