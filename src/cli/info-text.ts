/** `info` as people read it, in docker's order and words; what the engine does not say is left out. */
import { binarySize } from "./format/size.ts";
import { neutraliseLine } from "./neutralise.ts";

export type Info = Readonly<Record<string, unknown>>;

export interface ClientInfo {
  readonly Version: string;
  readonly Context: string;
  readonly Debug: boolean;
}

export interface InfoText {
  readonly text: string;
  /** For standard error. */
  readonly warnings: string;
}

export function infoText(client: ClientInfo, info: Info): InfoText {
  const own = [
    "Client:",
    ` Version:    ${client.Version}`,
    ` Context:    ${client.Context}`,
    ` Debug Mode: ${client.Debug}`,
  ];
  const server = ["Server:", ...sections(info).map((line) => ` ${line}`)];
  const warnings = texts(info["Warnings"]).map((warning) => `${neutraliseLine(warning)}\n`);
  return {
    text: `${[...own, "", ...server].map((line) => neutraliseLine(line)).join("\n")}\n\n`,
    warnings: warnings.join(""),
  };
}

function sections(info: Info): string[] {
  return [...counts(info), ...storage(info), ...plugins(info), ...runtimes(info), ...machine(info), ...settings(info)];
}

const counts = (info: Info): string[] => [
  line("Containers", info["Containers"]),
  line(" Running", info["ContainersRunning"]),
  line(" Paused", info["ContainersPaused"]),
  line(" Stopped", info["ContainersStopped"]),
  line("Images", info["Images"]),
  line("Server Version", info["ServerVersion"]),
];

function storage(info: Info): string[] {
  const status = Array.isArray(info["DriverStatus"]) ? info["DriverStatus"].map(texts) : [];
  return [
    line("Storage Driver", info["Driver"]),
    ...status.map(([name = "", value = ""]) => line(` ${name}`, value)),
    ...said("Logging Driver", info["LoggingDriver"]),
    ...said("Cgroup Driver", info["CgroupDriver"]),
    ...said("Cgroup Version", info["CgroupVersion"]),
  ];
}

function plugins(info: Info): string[] {
  const { Volume, Network, Log } = objectOf(info["Plugins"]);
  const kinds: [string, unknown][] = [
    [" Volume", Volume],
    [" Network", Network],
    [" Log", Log],
  ];
  const lines = kinds.map(([name, list]) => line(name, texts(list).join(" ")));
  const cdi = texts(info["CDISpecDirs"]);
  return ["Plugins:", ...lines, ...(cdi.length > 0 ? ["CDI spec directories:", ...cdi.map((dir) => ` ${dir}`)] : [])];
}

function runtimes(info: Info): string[] {
  const names = Object.keys(objectOf(info["Runtimes"]));
  const swarm = objectOf(info["Swarm"])["LocalNodeState"];
  return [
    ...said("Swarm", swarm),
    ...(names.length > 0
      ? [line("Runtimes", names.sort().join(" ")), line("Default Runtime", info["DefaultRuntime"])]
      : []),
    ...said("Init Binary", info["InitBinary"]),
    ...commit("containerd version", info["ContainerdCommit"]),
    ...commit("runc version", info["RuncCommit"]),
    ...commit("init version", info["InitCommit"]),
    ...security(info),
  ];
}

const commit = (name: string, data: unknown): string[] =>
  data === undefined ? [] : [line(name, objectOf(data)["ID"])];

/** "name=seccomp,profile=builtin" as a name and its settings below. */
function security(info: Info): string[] {
  const options = texts(info["SecurityOptions"]);
  if (options.length === 0) return [];
  const lines = options.flatMap((option) => {
    const pairs = option.split(",").map((pair) => pair.split("="));
    const name = pairs.find(([key]) => key === "name")?.[1] ?? option;
    const rest = pairs.filter(([key]) => key !== "name" && key !== undefined);
    return [
      ` ${name}`,
      ...rest.map(([key = "", value = ""]) => line(`  ${key.charAt(0).toUpperCase()}${key.slice(1)}`, value)),
    ];
  });
  return ["Security Options:", ...lines];
}

const machine = (info: Info): string[] => [
  ...said("Kernel Version", info["KernelVersion"]),
  ...said("Operating System", info["OperatingSystem"]),
  ...said("OSType", info["OSType"]),
  ...said("Architecture", info["Architecture"]),
  line("CPUs", info["NCPU"]),
  line("Total Memory", binarySize(typeof info["MemTotal"] === "number" ? info["MemTotal"] : 0)),
  line("Name", info["Name"]),
  line("ID", info["ID"]),
];

function settings(info: Info): string[] {
  const registries = objectOf(info["RegistryConfig"]);
  const insecure = texts(registries["InsecureRegistryCIDRs"]);
  return [
    ...said("Docker Root Dir", info["DockerRootDir"]),
    line("Debug Mode", info["Debug"]),
    ...said("HTTP Proxy", info["HttpProxy"]),
    ...said("HTTPS Proxy", info["HttpsProxy"]),
    ...said("No Proxy", info["NoProxy"]),
    ...block("Labels", texts(info["Labels"])),
    line("Experimental", info["ExperimentalBuild"]),
    ...block("Insecure Registries", insecure),
    ...block("Registry Mirrors", texts(registries["Mirrors"])),
    line("Live Restore Enabled", info["LiveRestoreEnabled"]),
  ];
}

const line = (name: string, value: unknown): string => `${name}: ${plain(value)}`;

/** Nothing for "" and what is absent. */
const said = (name: string, value: unknown): string[] => (plain(value) === "" ? [] : [line(name, value)]);

const block = (name: string, lines: readonly string[]): string[] =>
  lines.length === 0 ? [] : [`${name}:`, ...lines.map((text) => ` ${text}`)];

const plain = (value: unknown): string =>
  typeof value === "string" || typeof value === "number" || typeof value === "boolean" ? String(value) : "";

const texts = (value: unknown): string[] => (Array.isArray(value) ? value.map(plain) : []);

const objectOf = (value: unknown): Info =>
  typeof value === "object" && value !== null ? Object.fromEntries(Object.entries(value)) : {};
