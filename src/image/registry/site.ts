/** Whether two hosts are of one site, so that one may be trusted with what was meant for the other. */
import { isIP } from "../../base/ip.ts";
import { bareHost } from "./proxy.ts";

/** Endings such as "co.uk", below which everybody can have a name: short labels under a country's. */
const PUBLIC_SECOND_LEVEL = /^(?:ac|co|com|edu|gov|ne|net|or|org)\.[a-z]{2}$/;

/** The same host on any port, or names below one domain ("registry-1.docker.io" and "auth.docker.io"). */
export function isSameSite(a: URL, b: URL): boolean {
  const [first, second] = [bareHost(a), bareHost(b)];
  if (first === second) return true;
  const domain = domainOf(first);
  return domain !== undefined && domain === domainOf(second);
}

function domainOf(host: string): string | undefined {
  if (isIP(host)) return undefined;
  const labels = host.split(".");
  if (labels.length < 2) return undefined;
  const last = labels.slice(-2).join(".");
  if (!PUBLIC_SECOND_LEVEL.test(last)) return last;
  return labels.length < 3 ? undefined : labels.slice(-3).join(".");
}
