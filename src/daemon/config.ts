/** The engine's configuration: flags before environment before file before defaults. The only place that knows default paths. */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { invalidParameter, messageOf } from "../base/errors.ts";
import { toPrefix } from "../base/ip-prefix.ts";
import type { LogLevel } from "../base/log.ts";
import { parseSize } from "../base/units.ts";
import type { LayerStorage } from "../image/layers/disk-layers.ts";
import type { PressureLimits } from "../image/pressure.ts";
import type { RegistrySettings } from "../image/registry/settings.ts";
import { OPTION } from "../network/drivers/options.ts";
import type { SubnetPool } from "../network/ipam/subnet-pools.ts";
import type { DefaultBridge } from "../network/predefined.ts";
import type { LogConfig } from "../wire/host-config.ts";
import { type BuilderSettings, DEFAULT_BUILDER } from "./builder-config.ts";
import type { RuntimeCommand } from "./config-field.ts";
import { decodeConfigFile, type FileConfig } from "./config-file.ts";
import { type EngineFlags, parseEngineFlags } from "./flags.ts";
import { registrySettings } from "./registry-config.ts";

export interface EngineConfig {
  readonly root: string;
  readonly run: string;
  readonly hosts: readonly string[];
  readonly bridge: DefaultBridge;
  readonly addressPools: readonly SubnetPool[];
  /** By driver. */
  readonly networkOptions: Readonly<Record<string, Readonly<Record<string, string>>>>;
  readonly nftTable: string;
  readonly cgroupParent: string;
  /** Set `favordynmods` for the whole machine: containers start in half the time. */
  readonly favorDynamicCgroups: boolean;
  readonly dns: {
    readonly nameservers: readonly string[];
    readonly search: readonly string[];
    readonly options: readonly string[];
  };
  /** What "host-gateway" stands for; the host's addresses on the default bridge when undefined. */
  readonly hostGateways: readonly string[] | undefined;
  /** Where the host keeps what containers' own files are made from. */
  readonly hostFiles: typeof HOST_FILES;
  readonly defaultRuntime: string | undefined;
  readonly runtimes: Readonly<Record<string, RuntimeCommand>>;
  readonly logConfig: LogConfig;
  readonly shmBytes: number;
  readonly init: boolean;
  readonly labels: readonly string[];
  /** As in PATH: where the runtimes are looked for. */
  readonly searchPath: string;
  /** The static busybox of the embedded image. */
  readonly busyboxPath: string;
  readonly logLevel: LogLevel;
  readonly layerStorage: LayerStorage;
  /** When unused images are deleted to make room: never when undefined. */
  readonly imageGc: PressureLimits | undefined;
  readonly builder: BuilderSettings;
  readonly registries: RegistrySettings;
  /** Keys of the configuration file that this engine does not know, to be named at the start. */
  readonly unknownKeys: readonly string[];
}

const DEFAULT_ROOT = "/var/lib/tare";
const DEFAULT_RUN = "/run/tare";
const DEFAULT_CONFIG_FILE = "/etc/tare/engine.json";
const DEFAULT_SEARCH_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
const HOST_FILES = {
  hosts: "/etc/hosts",
  resolvConf: "/etc/resolv.conf",
  resolvedResolvConf: "/run/systemd/resolve/resolv.conf",
} as const;
const REGISTRY_DEFAULTS = {
  certificateDirs: ["/etc/tare/certs.d", "/etc/docker/certs.d"],
  // Where Debian, Fedora, openSUSE and Alpine keep what the whole machine trusts.
  authorities: [
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
  ],
} as const;
const BUSYBOX_PATH = "/bin/busybox";
const GC_DISTANCE = 10;
const DEFAULT_SHM_BYTES = 64 * 1024 * 1024;

type Environment = Readonly<Record<string, string | undefined>>;

/** Throws invalidParameter for unknown flags, an unreadable file, or values of the wrong type. */
export function loadConfig(argv: readonly string[], environment: Environment): EngineConfig {
  const flags = parseEngineFlags(argv);
  const { config: file, unknownKeys } = readConfigFile(flags);
  const root = flags.root ?? environment["TARE_ROOT"] ?? file.root ?? DEFAULT_ROOT;
  const run = flags.run ?? environment["TARE_RUN"] ?? file.run ?? DEFAULT_RUN;
  const names = instanceNames(root);
  return {
    root,
    run,
    hosts: hostsOf(flags, environment, file, run),
    bridge: defaultBridge(file, file.bridge ?? names.bridge),
    addressPools: (file.addressPools ?? []).map(({ base, size }) => ({ base: toPrefix(base), size })),
    networkOptions: file.networkOptions ?? {},
    nftTable: file.nftTable ?? names.table,
    cgroupParent: file.cgroupParent ?? names.cgroup,
    favorDynamicCgroups: file.favorDynamicCgroups ?? true,
    dns: dnsOf(file),
    hostGateways: file.hostGateways,
    hostFiles: HOST_FILES,
    defaultRuntime: file.defaultRuntime,
    runtimes: file.runtimes ?? {},
    logConfig: { Type: file.logDriver ?? "json-file", Config: { ...file.logOptions } },
    shmBytes: shmBytes(file),
    init: file.init ?? false,
    labels: file.labels ?? [],
    searchPath: environment["PATH"] || DEFAULT_SEARCH_PATH,
    busyboxPath: BUSYBOX_PATH,
    logLevel: flags.debug || file.debug === true ? "debug" : (file.logLevel ?? "info"),
    layerStorage: { backings: file.layerBackings, verity: file.layerVerity },
    imageGc: imageGc(file),
    builder: file.builder ?? DEFAULT_BUILDER,
    registries: registrySettings(file, environment, REGISTRY_DEFAULTS),
    unknownKeys,
  };
}

/** Bun's fetch would take these on its own account, even for loopback: what they say is in the configuration by now. */
export function forgetProxyVariables(): void {
  for (const name of ["HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "ALL_PROXY"]) {
    delete process.env[name];
    delete process.env[name.toLowerCase()];
  }
}

function readConfigFile(flags: EngineFlags): { config: FileConfig; unknownKeys: readonly string[] } {
  const path = flags.config ?? DEFAULT_CONFIG_FILE;
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    if (flags.config === undefined) return { config: {}, unknownKeys: [] };
    throw invalidParameter(`unable to read the configuration file ${path}: ${messageOf(error)}`);
  }
  return decodeConfigFile(path, text);
}

function hostsOf(flags: EngineFlags, environment: Environment, file: FileConfig, run: string): readonly string[] {
  if (flags.hosts.length > 0) return flags.hosts;
  const fromEnvironment = environment["TARE_HOST"];
  if (fromEnvironment) return [fromEnvironment];
  return file.hosts ?? [`unix://${run}/tare.sock`];
}

/** Engines on other roots get names of their own for everything that the whole host sees. */
function instanceNames(root: string): { bridge: string; table: string; cgroup: string } {
  if (root === DEFAULT_ROOT) return { bridge: "tare0", table: "tare", cgroup: "/tare" };
  const tag = createHash("sha256").update(root).digest("hex").slice(0, 8);
  return { bridge: `tare-${tag}`, table: `tare_${tag}`, cgroup: `/tare-${tag}` };
}

/** Off unless asked for. With one of the two the other is ten less, or more. */
function imageGc({ imageGcHigh, imageGcLow }: FileConfig): PressureLimits | undefined {
  if (imageGcHigh === undefined && imageGcLow === undefined) return undefined;
  const high = imageGcHigh ?? Math.min(100, (imageGcLow ?? 0) + GC_DISTANCE);
  const low = imageGcLow ?? Math.max(0, high - GC_DISTANCE);
  if (low > high) throw invalidParameter("image-gc-low-threshold is above image-gc-high-threshold");
  return { high, low };
}

function defaultBridge(file: FileConfig, name: string): DefaultBridge {
  const { subnet, subnetV6, fixedSubnet, ipv6 = false, mtu, icc, masquerade, hostBinding } = file;
  const options = {
    ...(mtu === undefined ? {} : { [OPTION.mtu]: String(mtu) }),
    ...(icc === undefined ? {} : { [OPTION.icc]: String(icc) }),
    ...(masquerade === undefined ? {} : { [OPTION.masquerade]: String(masquerade) }),
    ...(hostBinding === undefined ? {} : { [OPTION.hostBinding]: hostBinding }),
  };
  return { name, subnet, subnetV6: ipv6 ? subnetV6 : undefined, range: fixedSubnet, ipv6, options };
}

const dnsOf = (file: FileConfig): EngineConfig["dns"] => ({
  nameservers: file.dns ?? [],
  search: file.dnsSearch ?? [],
  options: file.dnsOptions ?? [],
});

function shmBytes(file: FileConfig): number {
  if (file.shmSize === undefined) return DEFAULT_SHM_BYTES;
  const bytes = parseSize(file.shmSize);
  if (bytes === undefined) throw invalidParameter(`invalid default-shm-size: ${file.shmSize}`);
  return bytes;
}
