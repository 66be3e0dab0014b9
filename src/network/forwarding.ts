/** Nothing leaves a network for another while the kernel does not forward. A change to the whole machine is said aloud. */
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import type { Logger } from "../base/log.ts";

const IPV4 = "/proc/sys/net/ipv4/ip_forward";
const IPV6 = "/proc/sys/net/ipv6/conf";

const isOn = (path: string): boolean => readFileSync(path, "utf8").trim() === "1";

export function forwardIPv4(log: Logger): void {
  if (isOn(IPV4)) return;
  writeFileSync(IPV4, "1");
  log.info("network.forwarding.enabled", { sysctl: "net.ipv4.ip_forward=1" });
}

/** A host that forwards no longer believes the routers around it, unless it is told to: those that did so go on. */
export function forwardIPv6(log: Logger): void {
  if (isOn(`${IPV6}/all/forwarding`)) return;
  for (const device of readdirSync(IPV6)) {
    if (isOn(`${IPV6}/${device}/accept_ra`)) writeFileSync(`${IPV6}/${device}/accept_ra`, "2");
  }
  writeFileSync(`${IPV6}/default/forwarding`, "1");
  writeFileSync(`${IPV6}/all/forwarding`, "1");
  log.info("network.forwarding.enabled", { sysctl: "net.ipv6.conf.all.forwarding=1" });
}
