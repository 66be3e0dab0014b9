/** `-v`, `--tmpfs` and `--mount`, read as docker/cli reads them (its compose volume loader and opts/mount.go). */
import type { Mount, MountType } from "../../wire/host-config.ts";
import { CommandError } from "../errors.ts";
import { parseBool } from "../flag-kinds.ts";
import { absolutePath } from "./paths.ts";
import { parseBytes, splitCsv, splitPair } from "./values.ts";

export interface Volumes {
  readonly binds: readonly string[];
  /** Anonymous volumes by their target. */
  readonly anonymous: Readonly<Record<string, Record<string, never>>>;
}

/** Parts a bind or named volume ("source:target[:options]") from an anonymous one ("target"). */
export function parseVolumes(specs: readonly string[], cwd: string): Volumes {
  const binds: string[] = [];
  const anonymous: Record<string, Record<string, never>> = {};
  for (const spec of specs) {
    if (hasSource(spec)) binds.push(withAbsoluteSource(spec, cwd));
    else anonymous[spec] = {};
  }
  return { binds, anonymous };
}

/** Throws for a malformed spec. One and two characters are a target, whatever they are. */
function hasSource(spec: string): boolean {
  if (spec === "") throw new CommandError("invalid empty volume spec");
  if (spec.length <= 2) return false;
  const parts = spec.split(":");
  if (parts.includes("")) throw new CommandError(`invalid spec: ${spec}: empty section between colons`);
  if (parts.length > 3) throw new CommandError(`invalid spec: ${spec}: too many colons`);
  return parts.length > 1;
}

function withAbsoluteSource(spec: string, cwd: string): string {
  const colon = spec.indexOf(":");
  return spec.startsWith(".") ? absolutePath(cwd, spec.slice(0, colon)) + spec.slice(colon) : spec;
}

/** "target[:options]" by target. */
export function parseTmpfs(specs: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    specs.map((spec) => {
      const colon = spec.indexOf(":");
      return colon < 0 ? [spec, ""] : [spec.slice(0, colon), spec.slice(colon + 1)];
    }),
  );
}

/** What a key of `--mount` does to the mount under construction. */
type MountKey = (mount: Mount, value: string, key: string) => void;

const invalidValue = (key: string, value: string): Error => new Error(`invalid value for ${key}: ${value}`);

const setTarget: MountKey = (mount, value) => {
  mount.Target = value;
};
const setSource: MountKey = (mount, value) => {
  mount.Source = value;
};
const setReadOnly: MountKey = (mount, value, key) => {
  mount.ReadOnly = toBool(key, value);
};

const MOUNT_KEYS: Readonly<Record<string, MountKey>> = {
  type: (mount, value) => {
    if (value === "") throw new Error("type is required");
    // The engine knows which types there are.
    mount.Type = value.toLowerCase() as MountType;
  },
  source: setSource,
  src: setSource,
  target: setTarget,
  dst: setTarget,
  destination: setTarget,
  readonly: setReadOnly,
  ro: setReadOnly,
  consistency: (mount, value) => {
    mount.Consistency = value.toLowerCase();
  },
  "bind-propagation": (mount, value) => {
    mount.BindOptions = { ...mount.BindOptions, Propagation: value.toLowerCase() };
  },
  "bind-nonrecursive": (mount, value, key) => {
    mount.BindOptions = { ...mount.BindOptions, NonRecursive: toBool(key, value) };
  },
  "bind-recursive": setRecursion,
  "volume-subpath": (mount, value) => {
    mount.VolumeOptions = { ...mount.VolumeOptions, Subpath: value };
  },
  "volume-nocopy": (mount, value, key) => {
    mount.VolumeOptions = { ...mount.VolumeOptions, NoCopy: toBool(key, value) };
  },
  "volume-label": (mount, value) => {
    const [name, text] = splitPair(value);
    mount.VolumeOptions = { ...mount.VolumeOptions, Labels: { ...mount.VolumeOptions?.Labels, [name]: text } };
  },
  "volume-driver": (mount, value) => {
    const driver = { ...mount.VolumeOptions?.DriverConfig, Name: value };
    mount.VolumeOptions = { ...mount.VolumeOptions, DriverConfig: driver };
  },
  "volume-opt": (mount, value) => {
    const [name, text] = splitPair(value);
    const driver = mount.VolumeOptions?.DriverConfig;
    const options = { ...driver?.Options, [name]: text };
    mount.VolumeOptions = { ...mount.VolumeOptions, DriverConfig: { ...driver, Options: options } };
  },
  "image-subpath": (mount, value) => {
    mount.ImageOptions = { ...mount.ImageOptions, Subpath: value };
  },
  "tmpfs-size": (mount, value, key) => {
    mount.TmpfsOptions = { ...mount.TmpfsOptions, SizeBytes: sizeOr(invalidValue(key, value), value) };
  },
  "tmpfs-mode": (mount, value, key) => {
    if (!/^[0-7]{1,11}$/.test(value)) throw invalidValue(key, value);
    mount.TmpfsOptions = { ...mount.TmpfsOptions, Mode: Number.parseInt(value, 8) };
  },
};

/** Keys that may stand without a value. */
const BARE_MOUNT_KEYS = new Set(["readonly", "ro", "volume-nocopy", "bind-nonrecursive"]);

function setRecursion(mount: Mount, value: string, key: string): void {
  switch (value) {
    case "enabled":
      return;
    case "disabled":
      mount.BindOptions = { ...mount.BindOptions, NonRecursive: true };
      return;
    case "writable":
      mount.BindOptions = { ...mount.BindOptions, ReadOnlyNonRecursive: true };
      return;
    case "readonly":
      mount.BindOptions = { ...mount.BindOptions, ReadOnlyForceRecursive: true };
      return;
    default:
      throw new Error(`invalid value for ${key}: ${value} (must be "enabled", "disabled", "writable", or "readonly")`);
  }
}

/** "type=bind,source=…,target=…"; a relative source stays so for `resolveSource`. */
export function parseMount(text: string): Mount {
  const mount: Mount = { Type: "volume", Target: "" };
  for (const field of splitCsv(text.trim())) {
    const [name, value] = splitPair(field);
    const key = name.toLowerCase();
    const set = Object.hasOwn(MOUNT_KEYS, key) ? MOUNT_KEYS[key] : undefined;
    const bare = !field.includes("=");
    if (bare && !BARE_MOUNT_KEYS.has(key)) throw new Error(`invalid field '${field}' must be a key=value pair`);
    if (set === undefined) throw new Error(`unexpected key '${key}' in '${field}'`);
    set(mount, bare ? "true" : value, key);
  }
  checkMount(mount);
  return mount;
}

/** A source that begins with a dot is the user's, seen from where the command runs. */
export function resolveSource(mount: Mount, cwd: string): Mount {
  return mount.Source?.startsWith(".") ? { ...mount, Source: absolutePath(cwd, mount.Source) } : mount;
}

function checkMount(mount: Mount): void {
  const options = [
    ["volume", mount.VolumeOptions],
    ["bind", mount.BindOptions],
    ["image", mount.ImageOptions],
    ["tmpfs", mount.TmpfsOptions],
  ] as const;
  for (const [type, given] of options) {
    if (given !== undefined && mount.Type !== type) {
      throw new Error(`cannot mix '${type}-*' options with mount type '${mount.Type}'`);
    }
  }
  if (mount.Target === "") throw new Error("target is required");
  checkRecursion(mount);
}

function checkRecursion({ BindOptions: bind, ReadOnly: readOnly }: Mount): void {
  const requires = (mode: string, needed: string): Error =>
    new Error(`option 'bind-recursive=${mode}' requires '${needed}' to be specified in conjunction`);
  if (bind?.ReadOnlyNonRecursive && !readOnly) throw requires("writable", "readonly");
  if (!bind?.ReadOnlyForceRecursive) return;
  if (!readOnly) throw requires("readonly", "readonly");
  if (bind.Propagation !== "rprivate") throw requires("readonly", "bind-propagation=rprivate");
}

function toBool(key: string, value: string): boolean {
  try {
    return parseBool(value);
  } catch {
    throw invalidValue(key, value);
  }
}

function sizeOr(problem: Error, value: string): number {
  try {
    return parseBytes(value);
  } catch {
    throw problem;
  }
}
