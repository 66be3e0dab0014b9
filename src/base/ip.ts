/** Textual IP addresses (RFC 4291, inet_pton(3)), without importing node:net. */

const OCTET = "(?:25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)";
const IPV4 = new RegExp(`^${OCTET}(?:\\.${OCTET}){3}$`);
const GROUP = /^[0-9a-fA-F]{1,4}$/;
const GROUPS = 8;

export function isIPv4(text: string): boolean {
  return IPV4.test(text);
}

/** Full, shortened by "::", or with an IPv4 tail; no zone. */
export function isIPv6(text: string): boolean {
  const halves = text.split("::");
  if (halves.length > 2) return false;
  const counts = halves.map((half, index) => countGroups(half, index === halves.length - 1));
  if (counts.includes(undefined)) return false;
  const total = counts.reduce<number>((sum, count) => sum + (count ?? 0), 0);
  return halves.length === 2 ? total < GROUPS : total === GROUPS;
}

export function isIP(text: string): boolean {
  return isIPv4(text) || isIPv6(text);
}

/** How many 16-bit groups a colon-separated run has; undefined when one of them is none. */
function countGroups(run: string, isTail: boolean): number | undefined {
  if (run === "") return 0;
  const parts = run.split(":");
  const last = parts.at(-1) ?? "";
  const v4 = isTail && isIPv4(last);
  const plain = v4 ? parts.slice(0, -1) : parts;
  if (!plain.every((part) => GROUP.test(part))) return undefined;
  return plain.length + (v4 ? 2 : 0);
}

/** What is wrong with a text that is no address, in the words of Go's netip.ParseAddr. */
export function addressProblem(text: string): string {
  return `ParseAddr(${JSON.stringify(text)}): ${IPV4_LIKE.test(text) ? ipv4Problem(text.split(".")) : "unable to parse IP"}`;
}

const IPV4_LIKE = /^[\d.]*\.[\d.]*$/;

function ipv4Problem(octets: readonly string[]): string {
  if (octets.includes("")) return "IPv4 field must have at least one digit";
  if (octets.some((octet) => /^0\d/.test(octet))) return "IPv4 field has octet with leading zero";
  if (octets.some((octet) => Number(octet) > 255)) return "IPv4 field has value >255";
  return octets.length < 4 ? "IPv4 address too short" : "IPv4 address too long";
}
