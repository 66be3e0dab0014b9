/** What the driver options of an endpoint ask for. Pure. */
import { invalidParameter } from "../base/errors.ts";
import { parseRate } from "../base/rate.ts";
import { parseSize } from "../base/units.ts";
import type { RateLimit } from "../kernel/netlink/qdisc.ts";
import type { EndpointSettings } from "../wire/container.ts";
import type { InterfacePlan } from "./device/plan.ts";

const INTERFACE_NAME = "com.docker.network.endpoint.ifname";
const SYSCTLS = "com.docker.network.endpoint.sysctls";
const LEAST_BURST_BYTES = 64 * 1024;
/** So much of the rate may come at once when nobody said how much. */
const BURST_SECONDS = 0.01;

type DriverOpts = EndpointSettings["DriverOpts"];
type Wanted = Pick<InterfacePlan, "sysctls" | "sends" | "receives"> & { readonly name: string | undefined };

/** Throws invalidParameter for a rate or a burst that is none. */
export function endpointOptions(driverOpts: DriverOpts): Wanted {
  return {
    name: driverOpts?.[INTERFACE_NAME] || undefined,
    sysctls: sysctls(driverOpts?.[SYSCTLS] ?? ""),
    sends: rateLimit(driverOpts, "out"),
    receives: rateLimit(driverOpts, "in"),
  };
}

/** "net.ipv4.conf.IFNAME.log_martians=1,…" as paths below /proc/sys/net; the edge has checked their form. */
function sysctls(text: string): Record<string, string> {
  const entries = text === "" ? [] : text.split(",");
  return Object.fromEntries(
    entries.map((entry) => {
      const equals = entry.indexOf("=");
      const path = entry.slice("net.".length, equals).replaceAll(".", "/");
      return [path, entry.slice(equals + 1)];
    }),
  );
}

/** `tare.rate-in` goes before `tare.rate`, which means both directions; the same for bursts. */
function rateLimit(driverOpts: DriverOpts, direction: "in" | "out"): RateLimit | undefined {
  const rate = driverOpts?.[`tare.rate-${direction}`] ?? driverOpts?.["tare.rate"];
  if (rate === undefined) return undefined;
  const bytesPerSecond = parseRate(rate);
  if (bytesPerSecond === undefined)
    throw invalidParameter(`invalid rate: ${rate} (want bits a second, such as 10mbit)`);
  const burst = driverOpts?.[`tare.burst-${direction}`] ?? driverOpts?.["tare.burst"];
  const ownBurst = Math.max(LEAST_BURST_BYTES, Math.ceil(bytesPerSecond * BURST_SECONDS));
  const burstBytes = burst === undefined ? ownBurst : parseSize(burst);
  if (burstBytes === undefined || burstBytes < 1) {
    throw invalidParameter(`invalid burst: ${burst ?? ""} (want bytes, such as 64k)`);
  }
  return { bytesPerSecond, burstBytes: Math.min(burstBytes, 0xffff_ffff) };
}
