/** Which proxy leads to an address, after Go's golang.org/x/net/http/httpproxy: loopback is always reached directly. */
import { isIP } from "../../base/ip.ts";
import { contains, parseCidr } from "../../base/ip-prefix.ts";
import type { ProxySettings } from "./settings.ts";

const LOOPBACK: readonly string[] = ["127.0.0.0/8", "::1/128"];

/** False for what is no address, or no CIDR. */
export function isInCidr(address: string, cidr: string): boolean {
  const prefix = parseCidr(cidr)?.prefix;
  return prefix !== undefined && contains(prefix, address);
}

/** The host without the brackets of an IPv6 address. */
export const bareHost = (url: URL): string => url.hostname.replace(/^\[|\]$/g, "").toLowerCase();

export function isLoopback(host: string): boolean {
  return host === "localhost" || LOOPBACK.some((network) => isInCidr(host, network));
}

/** Undefined is a direct connection. */
export function proxyFor(url: URL, { http, https, none }: ProxySettings): string | undefined {
  const proxy = url.protocol === "https:" ? https : http;
  const host = bareHost(url);
  if (proxy === "" || isLoopback(host)) return undefined;
  const port = url.port || (url.protocol === "https:" ? "443" : "80");
  const isExcluded = none.split(",").some((rule) => matches(rule.trim().toLowerCase(), host, port));
  if (isExcluded) return undefined;
  return proxy.includes("://") ? proxy : `http://${proxy}`;
}

function matches(rule: string, host: string, port: string): boolean {
  if (rule === "") return false;
  if (rule === "*") return true;
  if (rule.includes("/")) return isInCidr(host, rule);
  const [, name = rule, rulePort = port] = /^(.*?|\[.*\])(?::(\d+))?$/.exec(rule) ?? [];
  if (rulePort !== port) return false;
  const wanted = name.replace(/^\[|\]$/g, "");
  if (isIP(wanted) || isIP(host)) return wanted === host;
  // "example.com" means its subdomains too; ".example.com" and "*.example.com" only those.
  if (wanted.startsWith("*.")) return host.endsWith(wanted.slice(1));
  if (wanted.startsWith(".")) return host.endsWith(wanted);
  return host === wanted || host.endsWith(`.${wanted}`);
}
