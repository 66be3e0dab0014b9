/** Internet and link-layer addresses as flags take them: IPv4, IPv6, MAC, domains. */

const IPV4 = /^(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)(?:\.(?!$)|$)){4}$/;
const IPV6_GROUP = /^[0-9a-fA-F]{1,4}$/;
const MAC = /^[0-9a-fA-F]{2}(?:([:-])[0-9a-fA-F]{2})(?:\1[0-9a-fA-F]{2}){4}$/;
const DOMAIN = /^(?:[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?)(?:\.[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?)*\.?$/;

export function isIpv4(text: string): boolean {
  return IPV4.test(text);
}

/** Without a zone. */
export function isIpv6(text: string): boolean {
  const [head = "", tail, ...more] = text.split("::");
  if (more.length > 0) return false;
  const groups = [...groupsOf(head, tail === undefined), ...(tail === undefined ? [] : groupsOf(tail, true))];
  if (groups.includes(undefined)) return false;
  return tail === undefined ? groups.length === 8 : groups.length <= 7;
}

/** The groups between colons; a dotted tail counts as two; undefined stands for what is none. */
function groupsOf(text: string, mayEndDotted: boolean): (string | undefined)[] {
  if (text === "") return [];
  return text.split(":").flatMap((group, at, all) => {
    if (mayEndDotted && at === all.length - 1 && isIpv4(group)) return ["", ""];
    return [IPV6_GROUP.test(group) ? group : undefined];
  });
}

export function isIp(text: string): boolean {
  return isIpv4(text) || isIpv6(text);
}

export function isMac(text: string): boolean {
  return MAC.test(text);
}

/** For `--dns`. */
export function checkIp(text: string): string {
  const trimmed = text.trim();
  if (!isIp(trimmed)) throw new Error(`IP address is not correctly formatted: ${text}`);
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
  if (bare !== "host-gateway" && !isIp(bare))
    throw new Error(`invalid IP address in add-host: ${JSON.stringify(address)}`);
  return `${name}:${bare}`;
}
