/** `--device`, `--gpus` and the per-device limits of block I/O. */
import type { DeviceMapping, DeviceRequest, ThrottleDevice, WeightDevice } from "../../wire/host-config.ts";
import { CommandError } from "../errors.ts";
import { parseBytes, parseUnsigned, splitCsv, splitPair } from "./values.ts";

/** Each letter once. */
const MODE = /^(?!.*(.).*\1)[rwm]{1,3}$/;
/** Container Device Interface: vendor.com/class=name. */
const CDI_NAME = /^[A-Za-z][\w.-]*\/[A-Za-z][\w.-]*=[\w.:-]+$/;

export interface Devices {
  readonly mappings: DeviceMapping[];
  readonly cdiNames: string[];
}

/** "/host[:/container][:rwm]", or the name of a CDI device. */
export function parseDevices(specs: readonly string[]): Devices {
  const cdiNames = specs.filter((spec) => CDI_NAME.test(spec));
  return { cdiNames, mappings: specs.filter((spec) => !CDI_NAME.test(spec)).map(parseDevice) };
}

function parseDevice(spec: string): DeviceMapping {
  const [host = "", second, third, ...more] = spec.split(":");
  if (more.length > 0 || host === "" || second === "") throw new CommandError(`bad format for path: ${spec}`);
  const secondIsMode = third === undefined && second !== undefined && MODE.test(second);
  const container = secondIsMode || second === undefined ? host : second;
  const mode = (secondIsMode ? second : third) ?? "rwm";
  for (const path of [host, container]) {
    if (!path.startsWith("/")) throw new CommandError(`${path} is not an absolute path`);
  }
  if (!MODE.test(mode)) throw new CommandError(`bad mode specified: ${mode}`);
  return { PathOnHost: host, PathInContainer: container, CgroupPermissions: mode };
}

/** "c 1:3 rwm", `*` for any number. */
export function checkDeviceRule(text: string): string {
  if (/^[acb] (\d+|\*):(\d+|\*) [rwm]{1,3}$/.test(text)) return text;
  throw new Error(`invalid device cgroup format '${text}'`);
}

/** "/dev/sda:500". */
export function parseWeightDevice(text: string): WeightDevice {
  const [path, weightText] = cutDevice(text);
  const weight = /^\d{1,5}$/.test(weightText) ? Number(weightText) : Number.NaN;
  if (weight === 0 || (weight >= 10 && weight <= 1000)) return { Path: path, Weight: weight };
  throw new Error(`invalid weight for device: ${text}`);
}

/** "/dev/sda:1mb", bytes per second. */
export function parseBpsDevice(text: string): ThrottleDevice {
  const form =
    "<device-path>:<number>[<unit>]. Number must be a positive integer. Unit is optional and can be kb, mb, or gb";
  return throttle(text, form, parseBytes);
}

/** "/dev/sda:1000", operations per second. */
export function parseIopsDevice(text: string): ThrottleDevice {
  const form = "<device-path>:<number>. Number must be a positive integer";
  return throttle(text, form, (rate) => parseUnsigned(rate, 53));
}

function throttle(text: string, form: string, parse: (rate: string) => number): ThrottleDevice {
  const [path, rate] = cutDevice(text);
  try {
    return { Path: path, Rate: parse(rate) };
  } catch (cause) {
    throw new Error(`invalid rate for device: ${text}. The correct format is ${form}`, { cause });
  }
}

function cutDevice(text: string): readonly [path: string, rest: string] {
  const colon = text.indexOf(":");
  if (colon <= 0 || colon === text.length - 1) throw new Error(`bad format: ${text}`);
  if (!text.startsWith("/dev/")) throw new Error(`bad format for device path: ${text}`);
  return [text.slice(0, colon), text.slice(colon + 1)];
}

/** "all", "2", or "device=0,driver=x,capabilities=y,options=z" (opts/gpus.go). */
export function parseGpus(text: string): DeviceRequest {
  const request: DeviceRequest = { Driver: "", Count: 0, DeviceIDs: [], Capabilities: [], Options: {} };
  const fields = splitCsv(text);
  for (const field of fields) setGpuField(request, field, fields.length);
  if (request.Count === 0 && request.DeviceIDs.length === 0) request.Count = 1;
  const named = request.Capabilities.flat();
  request.Capabilities = [named.includes("gpu") ? named : [...named, "gpu"]];
  return request;
}

function setGpuField(request: DeviceRequest, field: string, fieldCount: number): void {
  const [key, value] = splitPair(field);
  if (!field.includes("=")) {
    if (fieldCount > 1 && key !== "all" && !/^-?\d+$/.test(key))
      throw new Error(`invalid field '${field}' must be a key=value pair`);
    request.Count = parseGpuCount(key);
    return;
  }
  switch (key) {
    case "count":
      request.Count = parseGpuCount(value);
      return;
    case "driver":
      request.Driver = value;
      return;
    case "device":
      request.DeviceIDs = value.split(",");
      return;
    case "capabilities":
      request.Capabilities = [value.split(",")];
      return;
    case "options":
      request.Options = Object.fromEntries(splitCsv(value).map(splitPair));
      return;
    default:
      throw new Error(`unexpected key '${key}' in '${field}'`);
  }
}

/** -1 is all. */
function parseGpuCount(text: string): number {
  if (text === "all") return -1;
  if (/^-?\d+$/.test(text)) return Number(text);
  throw new Error(`invalid count (${text}): value must be either "all" or an integer: invalid syntax`);
}
