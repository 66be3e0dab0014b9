/** One `--network`: a name, or the long form "name=x,alias=y,ip=…" (opts/network.go), and what Docker lacks: "rate=10mbit,burst=1m", or each way with -in and -out. */
import { parseRate } from "../../base/rate.ts";
import { parseSize } from "../../base/units.ts";
import { parseInteger } from "../flag-kinds.ts";
import { isMac } from "./addresses.ts";
import { splitCsv, splitPair } from "./values.ts";

/** One network to join, and how. */
export interface Attachment {
  readonly target: string;
  readonly aliases: readonly string[];
  readonly links: readonly string[];
  readonly driverOpts: Readonly<Record<string, string>>;
  readonly ipv4: string;
  readonly ipv6: string;
  readonly linkLocalIps: readonly string[];
  readonly macAddress: string;
  readonly gatewayPriority: number;
}

export const PLAIN: Attachment = {
  target: "",
  aliases: [],
  links: [],
  driverOpts: {},
  ipv4: "",
  ipv6: "",
  linkLocalIps: [],
  macAddress: "",
  gatewayPriority: 0,
};

export function parseAttachment(text: string): Attachment {
  if (!text.includes("=")) return { ...PLAIN, target: text };
  const attachment = splitCsv(text).reduce(withField, PLAIN);
  if (attachment.target === "") throw new Error("network name/id is not specified");
  return attachment;
}

function withField(attachment: Attachment, field: string): Attachment {
  const [rawKey, rawValue] = splitPair(field.toLowerCase());
  const [key, value] = [rawKey.trim(), rawValue.trim()];
  if (!field.includes("=")) throw new Error(`invalid field ${field}`);
  switch (key) {
    case "name":
      return { ...attachment, target: value };
    case "alias":
      return { ...attachment, aliases: [...attachment.aliases, value] };
    case "ip":
      return { ...attachment, ipv4: value };
    case "ip6":
      return { ...attachment, ipv6: value };
    case "link-local-ip":
      return { ...attachment, linkLocalIps: [...attachment.linkLocalIps, value] };
    case "mac-address":
      if (!isMac(value)) throw new Error(`${value} is not a valid mac address`);
      return { ...attachment, macAddress: value };
    case "driver-opt": {
      const [name, option] = splitPair(value);
      return withDriverOpt(attachment, name, option);
    }
    case "rate":
    case "rate-in":
    case "rate-out":
      if (parseRate(value) === undefined)
        throw new Error(`invalid ${key}: ${value} (want bits a second, such as 10mbit)`);
      return withDriverOpt(attachment, `tare.${key}`, value);
    case "burst":
    case "burst-in":
    case "burst-out":
      if (parseSize(value) === undefined) throw new Error(`invalid ${key}: ${value} (want bytes, such as 64k)`);
      return withDriverOpt(attachment, `tare.${key}`, value);
    case "gw-priority":
      return { ...attachment, gatewayPriority: parsePriority(value) };
    default:
      throw new Error(`invalid field key ${key}`);
  }
}

function withDriverOpt(attachment: Attachment, name: string, value: string): Attachment {
  return { ...attachment, driverOpts: { ...attachment.driverOpts, [name]: value } };
}

function parsePriority(text: string): number {
  try {
    return parseInteger(text);
  } catch (cause) {
    throw new Error(`invalid gw-priority (${text}): invalid syntax`, { cause });
  }
}
