/** Driver options of networks as texts: their names, and how their values are read, in Docker's words. Pure. */
import { type EngineError, invalidParameter } from "../../base/errors.ts";
import { isIP } from "../../base/ip.ts";

export const OPTION = {
  bridgeName: "com.docker.network.bridge.name",
  defaultBridge: "com.docker.network.bridge.default_bridge",
  icc: "com.docker.network.bridge.enable_icc",
  masquerade: "com.docker.network.bridge.enable_ip_masquerade",
  hostBinding: "com.docker.network.bridge.host_binding_ipv4",
  inhibitIPv4: "com.docker.network.bridge.inhibit_ipv4",
  gatewayModeIPv4: "com.docker.network.bridge.gateway_mode_ipv4",
  gatewayModeIPv6: "com.docker.network.bridge.gateway_mode_ipv6",
  enableIPv4: "com.docker.network.enable_ipv4",
  enableIPv6: "com.docker.network.enable_ipv6",
  mtu: "com.docker.network.driver.mtu",
  hostIPv4: "com.docker.network.host_ipv4",
  hostIPv6: "com.docker.network.host_ipv6",
  interfacePrefix: "com.docker.network.container_iface_prefix",
  parent: "parent",
  macvlanMode: "macvlan_mode",
  ipvlanMode: "ipvlan_mode",
  ipvlanFlag: "ipvlan_flag",
} as const;

export type Options = Readonly<Record<string, string>>;

const TRUE_WORDS = new Set(["1", "t", "T", "TRUE", "true", "True"]);
const FALSE_WORDS = new Set(["0", "f", "F", "FALSE", "false", "False"]);

function refuse(name: string, value: string, why: string): EngineError {
  return invalidParameter(`failed to parse ${name} value: ${value} (${why})`);
}

/** The words of Go's strconv.ParseBool; undefined for any other. */
export function toBoolean(text: string): boolean | undefined {
  if (TRUE_WORDS.has(text)) return true;
  return FALSE_WORDS.has(text) ? false : undefined;
}

export function booleanOption(options: Options, name: string, absent: boolean): boolean {
  const text = options[name];
  if (text === undefined) return absent;
  const value = toBoolean(text);
  if (value === undefined) {
    throw refuse(name, text, `strconv.ParseBool: parsing ${JSON.stringify(text)}: invalid syntax`);
  }
  return value;
}

/** "" counts as absent. */
export function addressOption(options: Options, name: string): string | undefined {
  const text = options[name];
  if (text === undefined || text === "") return undefined;
  if (!isIP(text)) throw refuse(name, text, "nil ip");
  return text;
}

/** Bytes; 0 and absence are the kernel's own choice. */
export function mtuOption(options: Options): number | undefined {
  const text = options[OPTION.mtu];
  if (text === undefined || text === "") return undefined;
  if (!/^[+-]?\d+$/.test(text)) {
    throw refuse(OPTION.mtu, text, `strconv.Atoi: parsing ${JSON.stringify(text)}: invalid syntax`);
  }
  const mtu = Number(text);
  if (mtu < 0) throw invalidParameter(`invalid MTU number: ${mtu}`);
  return mtu === 0 ? undefined : mtu;
}

/** One of some words; `absent` when nothing was said. */
export function wordOption<W extends string>(
  text: string | undefined,
  words: readonly W[],
  { absent, refusal }: { readonly absent: W; readonly refusal: (text: string) => EngineError },
): W {
  if (text === undefined || text === "") return absent;
  const word = words.find((candidate) => candidate === text);
  if (word === undefined) throw refusal(text);
  return word;
}

export function refusedWord(name: string, text: string, why: string): EngineError {
  return refuse(name, text, why);
}
