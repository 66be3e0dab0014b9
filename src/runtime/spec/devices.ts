/** Devices of a container and who may use them: `--device`, `--device-cgroup-rule`, `--privileged` (moby oci/devices_linux.go). */
import { hasCode, systemError } from "../../base/errors.ts";
import type { DeviceMapping, HostConfig } from "../../wire/host-config.ts";
import { devicesAt } from "./device-node.ts";
import type { Device, DeviceRule } from "./oci.ts";

const RULE = /^([acb]) (\d+|\*):(\d+|\*) ([rwm]{1,3})$/;
const EVERYTHING = "rwm";

export interface DeviceAccess {
  readonly devices: readonly Device[];
  /** In order, the later counting; runtimes add their own list of harmless devices. */
  readonly rules: readonly DeviceRule[];
}

type DeviceConfig = Pick<HostConfig, "Privileged" | "Devices" | "DeviceCgroupRules" | "DeviceRequests">;

/** Throws a system error for a host device that is not there, for one that only a driver could give, and for a rule that is none. */
export function toDevices({ Privileged, Devices, DeviceCgroupRules, DeviceRequests }: DeviceConfig): DeviceAccess {
  refuseRequests(DeviceRequests ?? []);
  if (Privileged) {
    const mapped = (Devices ?? []).flatMap((mapping) => mappedDevices(mapping));
    return { devices: unique([...devicesAt("/dev", "/dev"), ...mapped]), rules: [{ allow: true, access: EVERYTHING }] };
  }
  const granted = (Devices ?? []).map((mapping) => ({
    access: mapping.CgroupPermissions || EVERYTHING,
    devices: mappedDevices(mapping),
  }));
  return {
    devices: unique(granted.flatMap(({ devices }) => devices)),
    rules: [
      { allow: false, access: EVERYTHING },
      ...granted.flatMap(({ access, devices }) => devices.map((device) => toRule(device, access))),
      ...(DeviceCgroupRules ?? []).map(parseRule),
    ],
  };
}

/** Nothing here drives what `--gpus` asks for. */
function refuseRequests([request]: NonNullable<HostConfig["DeviceRequests"]>): void {
  if (request === undefined) return;
  const wanted = (request.Capabilities ?? []).map((names) => `[${names.join(" ")}]`).join(" ");
  throw systemError(`could not select device driver "${request.Driver}" with capabilities: [${wanted}]`);
}

/** One node per path: the last mapping wins. */
const unique = (devices: readonly Device[]): Device[] => [
  ...new Map(devices.map((device) => [device.path, device])).values(),
];

const toRule = ({ type, major, minor }: Device, access: string): DeviceRule => ({
  allow: true,
  type,
  major,
  minor,
  access,
});

function mappedDevices({ PathOnHost, PathInContainer }: DeviceMapping): Device[] {
  const refuse = (why: string, cause?: unknown): Error =>
    systemError(`error gathering device information while adding custom device "${PathOnHost}": ${why}`, { cause });
  try {
    const devices = devicesAt(PathOnHost, PathInContainer || PathOnHost);
    if (devices.length === 0) throw refuse("not a device node");
    return devices;
  } catch (error) {
    throw hasCode(error, "ENOENT") ? refuse("no such file or directory", error) : error;
  }
}

/** Throws a system error unless it is like "c 1:* rwm". */
export function parseRule(text: string): DeviceRule {
  const match = RULE.exec(text);
  if (match === null) throw systemError(`invalid device cgroup rule format: '${text}'`);
  const [, type = "", major = "*", minor = "*", access = ""] = match;
  return {
    allow: true,
    type,
    ...(major === "*" ? {} : { major: Number(major) }),
    ...(minor === "*" ? {} : { minor: Number(minor) }),
    access,
  };
}
