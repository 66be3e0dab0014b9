/** The options of a bridge network (moby libnetwork/drivers/bridge, parseNetworkGenericOptions). Pure. */
import { invalidParameter } from "../../base/errors.ts";
import { isIPv4 } from "../../base/ip.ts";
import type { NetworkRecord } from "../../state/network-record.ts";
import type { GatewayMode } from "../firewall/policy.ts";
import { addressOption, booleanOption, mtuOption, OPTION, type Options, refusedWord, wordOption } from "./options.ts";

/** "isolated": not even the host has an address on the bridge. */
type Mode = GatewayMode | "isolated";

export interface BridgeOptions {
  /** The interface's name. */
  readonly name: string;
  readonly mtu: number | undefined;
  readonly icc: boolean;
  readonly masquerade: boolean;
  readonly hostBinding: string | undefined;
  readonly mode: { readonly ipv4: Mode; readonly ipv6: Mode };
  readonly sourceAddress: { readonly ipv4?: string; readonly ipv6?: string };
  readonly interfacePrefix: string;
  /** The host has no IPv4 address on the bridge. */
  readonly inhibitIPv4: boolean;
}

const MODES: readonly Mode[] = ["nat", "nat-unprotected", "routed", "isolated"];
const ID_DIGITS = 12;

type Network = Pick<NetworkRecord, "id" | "options" | "internal">;

/** Throws invalidParameter. */
export function bridgeOptions({ id, options, internal }: Network): BridgeOptions {
  const mode = {
    ipv4: modeOption(options, OPTION.gatewayModeIPv4, internal),
    ipv6: modeOption(options, OPTION.gatewayModeIPv6, internal),
  };
  const sources = [addressOption(options, OPTION.hostIPv4), addressOption(options, OPTION.hostIPv6)] as const;
  const ipv4 = sources[0] !== undefined && isIPv4(sources[0]) ? sources[0] : undefined;
  const ipv6 = sources[1] !== undefined && !isIPv4(sources[1]) ? sources[1] : undefined;
  booleanOption(options, OPTION.defaultBridge, false);
  return {
    name: options[OPTION.bridgeName] || `br-${id.slice(0, ID_DIGITS)}`,
    mtu: mtuOption(options),
    icc: booleanOption(options, OPTION.icc, true),
    masquerade: booleanOption(options, OPTION.masquerade, true),
    hostBinding: addressOption(options, OPTION.hostBinding),
    mode,
    sourceAddress: { ...(ipv4 === undefined ? {} : { ipv4 }), ...(ipv6 === undefined ? {} : { ipv6 }) },
    interfacePrefix: options[OPTION.interfacePrefix] || "eth",
    inhibitIPv4: booleanOption(options, OPTION.inhibitIPv4, false),
  };
}

function modeOption(options: Options, name: string, internal: boolean): Mode {
  const refusal = (text: string) => refusedWord(name, text, `unknown gateway mode ${text}`);
  const mode = wordOption(options[name], MODES, { absent: "nat", refusal });
  if (mode === "isolated" && !internal) {
    throw invalidParameter("gateway mode 'isolated' can only be used for an internal network");
  }
  return mode;
}
