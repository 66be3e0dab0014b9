/** The arguments that every Dockerfile has without declaring a value: BUILD… and TARGET…, and those of proxies. Pure. */
import { type Platform, platformText } from "../../wire/platform.ts";

function argsOf(prefix: "BUILD" | "TARGET", platform: Platform): [string, string][] {
  return [
    [`${prefix}PLATFORM`, platformText(platform)],
    [`${prefix}OS`, platform.os],
    [`${prefix}OSVERSION`, ""],
    [`${prefix}ARCH`, platform.architecture],
    [`${prefix}VARIANT`, platform.variant],
  ];
}

/** Values that the client gives go before these. */
export function platformArgs(build: Platform, target: Platform, stage: string): Map<string, string> {
  return new Map([
    ...argsOf("BUILD", build),
    ...argsOf("TARGET", target),
    ["TARGETSTAGE", stage === "" ? "default" : stage],
  ]);
}

const PROXIES = ["HTTP_PROXY", "HTTPS_PROXY", "FTP_PROXY", "NO_PROXY", "ALL_PROXY"];

/** Seen by every RUN without being declared, and no part of what tells results apart. */
export const PROXY_ARGS: readonly string[] = PROXIES.flatMap((name) => [name, name.toLowerCase()]);
