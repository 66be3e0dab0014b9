/** Addresses and domains as flags take them. */
import { isIP } from "../../base/ip.ts";

const MAC = /^[0-9a-fA-F]{2}(?:([:-])[0-9a-fA-F]{2})(?:\1[0-9a-fA-F]{2}){4}$/;
const DOMAIN = /^(?:[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?)(?:\.[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?)*\.?$/;

export function isMac(text: string): boolean {
  return MAC.test(text);
}

/** For `--dns`. */
export function checkIp(text: string): string {
  const trimmed = text.trim();
  if (!isIP(trimmed)) throw new Error(`IP address is not correctly formatted: ${text}`);
  return trimmed;
}

/** For `--dns-search`; "." clears the list. */
export function checkDomain(text: string): string {
  const trimmed = text.trim();
  if (trimmed === ".") return trimmed;
  if (trimmed.length > 255 || !DOMAIN.test(trimmed)) throw new Error(`${text} is not a valid domain`);
  return trimmed.replace(/\.$/, "");
}

/** For `--add-host`: "name:ip", "name=ip", the address in brackets or not; rewritten to "name:ip". */
export function checkExtraHost(text: string): string {
  const at = text.search(/[:=]/);
  const name = text.slice(0, Math.max(at, 0));
  if (name === "") throw new Error(`bad format for add-host: ${JSON.stringify(text)}`);
  const address = text.slice(at + 1);
  const bare = /^\[(.*)\]$/.exec(address)?.[1] ?? address;
  if (bare !== "host-gateway" && !isIP(bare))
    throw new Error(`invalid IP address in add-host: ${JSON.stringify(address)}`);
  return `${name}:${bare}`;
}
