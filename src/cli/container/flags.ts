/** The flags of `run` and `create`, which differ only in how the container's streams are used afterwards. */
import { intFlag, listFlag, switchFlag, textFlag, valueFlag } from "../flag-kinds.ts";
import type { Flag, FlagValues } from "../flags.ts";
import { checkDomain, checkExtraHost, checkIp } from "./addresses.ts";
import { parseAttachment } from "./attachment.ts";
import { checkDeviceRule, parseBpsDevice, parseGpus, parseIopsDevice, parseWeightDevice } from "./devices.ts";
import { checkLabel, checkVariable } from "./key-values.ts";
import { parseMount } from "./mounts.ts";
import { checkLink, checkSysctl } from "./policies.ts";
import {
  parseBytes,
  parseCpus,
  parseDuration,
  parseStreamName,
  parseSwapBytes,
  parseUlimit,
  parseUnsigned,
} from "./values.ts";

/** A list whose items are parsed as they come. */
function itemsFlag<T>(help: string, placeholder: string, parse: (text: string) => T): Flag<readonly T[]> {
  return { placeholder, help, initial: [], parse: (text, previous) => [...previous, parse(text)] };
}

const bytesFlag = (help: string, short?: string): Flag<number | undefined> =>
  valueFlag(help, parseBytes, { placeholder: "bytes", ...(short === undefined ? {} : { short }) });

const durationFlag = (help: string): Flag<number | undefined> =>
  valueFlag(help, parseDuration, { placeholder: "duration" });

export const CREATE_FLAGS = {
  "add-host": listFlag("Add a custom host-to-IP mapping (host:ip)", { check: checkExtraHost }),
  annotation: listFlag("Add an annotation to the container (passed through to the OCI runtime)", {
    placeholder: "map",
  }),
  attach: listFlag("Attach to STDIN, STDOUT or STDERR", { short: "a", check: parseStreamName }),
  "blkio-weight": valueFlag(
    "Block IO (relative weight), between 10 and 1000, or 0 to disable (default 0)",
    (text) => parseUnsigned(text, 16),
    { placeholder: "uint16" },
  ),
  "blkio-weight-device": itemsFlag("Block IO weight (relative device weight)", "list", parseWeightDevice),
  "cap-add": listFlag("Add Linux capabilities"),
  "cap-drop": listFlag("Drop Linux capabilities"),
  "cgroup-parent": textFlag("Optional parent cgroup for the container"),
  cgroupns: textFlag("Cgroup namespace to use (host|private)"),
  cidfile: textFlag("Write the container ID to the file"),
  "cpu-period": intFlag("Limit CPU CFS (Completely Fair Scheduler) period"),
  "cpu-quota": intFlag("Limit CPU CFS (Completely Fair Scheduler) quota"),
  "cpu-rt-period": intFlag("Limit CPU real-time period in microseconds"),
  "cpu-rt-runtime": intFlag("Limit CPU real-time runtime in microseconds"),
  "cpu-shares": intFlag("CPU shares (relative weight)", { short: "c" }),
  cpus: valueFlag("Number of CPUs", parseCpus, { placeholder: "decimal" }),
  "cpuset-cpus": textFlag("CPUs in which to allow execution (0-3, 0,1)"),
  "cpuset-mems": textFlag("MEMs in which to allow execution (0-3, 0,1)"),
  device: listFlag("Add a host device to the container"),
  "device-cgroup-rule": listFlag("Add a rule to the cgroup allowed devices list", { check: checkDeviceRule }),
  "device-read-bps": itemsFlag("Limit read rate (bytes per second) from a device", "list", parseBpsDevice),
  "device-read-iops": itemsFlag("Limit read rate (IO per second) from a device", "list", parseIopsDevice),
  "device-write-bps": itemsFlag("Limit write rate (bytes per second) to a device", "list", parseBpsDevice),
  "device-write-iops": itemsFlag("Limit write rate (IO per second) to a device", "list", parseIopsDevice),
  "disable-content-trust": switchFlag("Skip image verification (accepted, not used)", { initial: true }),
  dns: listFlag("Set custom DNS servers", { check: checkIp }),
  "dns-option": listFlag("Set DNS options", { aliases: ["dns-opt"] }),
  "dns-search": listFlag("Set custom DNS search domains", { check: checkDomain }),
  domainname: textFlag("Container NIS domain name"),
  entrypoint: textFlag("Overwrite the default ENTRYPOINT of the image"),
  env: listFlag("Set environment variables", { short: "e", check: checkVariable }),
  "env-file": listFlag("Read in a file of environment variables"),
  expose: listFlag("Expose a port or a range of ports"),
  gpus: itemsFlag("GPU devices to add to the container ('all' to pass all GPUs)", "gpu-request", parseGpus),
  "group-add": listFlag("Add additional groups to join"),
  "health-cmd": textFlag("Command to run to check health"),
  "health-interval": durationFlag("Time between running the check (ms|s|m|h) (default 0s)"),
  "health-retries": intFlag("Consecutive failures needed to report unhealthy"),
  "health-start-interval": durationFlag(
    "Time between running the check during the start period (ms|s|m|h) (default 0s)",
  ),
  "health-start-period": durationFlag(
    "Start period for the container to initialize before starting health-retries countdown (ms|s|m|h) (default 0s)",
  ),
  "health-timeout": durationFlag("Maximum time to allow one check to run (ms|s|m|h) (default 0s)"),
  hostname: textFlag("Container host name", { short: "h" }),
  init: switchFlag("Run an init inside the container that forwards signals and reaps processes"),
  interactive: switchFlag("Keep STDIN open even if not attached", { short: "i" }),
  ip: textFlag("IPv4 address (e.g., 172.30.100.104)"),
  ip6: textFlag("IPv6 address (e.g., 2001:db8::33)"),
  ipc: textFlag("IPC mode to use"),
  isolation: textFlag("Container isolation technology"),
  "kernel-memory": bytesFlag("Kernel memory limit (accepted, not used)"),
  label: listFlag("Set meta data on a container", { short: "l", check: checkLabel }),
  "label-file": listFlag("Read in a line delimited file of labels"),
  link: listFlag("Add link to another container", { check: checkLink }),
  "link-local-ip": listFlag("Container IPv4/IPv6 link-local addresses"),
  "log-driver": textFlag("Logging driver for the container"),
  "log-opt": listFlag("Log driver options"),
  "mac-address": textFlag("Container MAC address (e.g., 92:d0:c6:0a:29:33)"),
  memory: bytesFlag("Memory limit", "m"),
  "memory-reservation": bytesFlag("Memory soft limit"),
  "memory-swap": valueFlag("Swap limit equal to memory plus swap: '-1' to enable unlimited swap", parseSwapBytes, {
    placeholder: "bytes",
  }),
  "memory-swappiness": intFlag("Tune container memory swappiness (0 to 100)", { shownDefault: "-1" }),
  mount: itemsFlag("Attach a filesystem mount to the container", "mount", parseMount),
  name: textFlag("Assign a name to the container"),
  network: { ...itemsFlag("Connect a container to a network", "network", parseAttachment), aliases: ["net"] },
  "network-alias": listFlag("Add network-scoped alias for the container", { aliases: ["net-alias"] }),
  "no-healthcheck": switchFlag("Disable any container-specified HEALTHCHECK"),
  "oom-kill-disable": switchFlag("Disable OOM Killer"),
  "oom-score-adj": intFlag("Tune host's OOM preferences (-1000 to 1000)"),
  pid: textFlag("PID namespace to use"),
  "pids-limit": intFlag("Tune container pids limit (set -1 for unlimited)"),
  platform: textFlag("Set platform if server is multi-platform capable"),
  privileged: switchFlag("Give extended privileges to this container"),
  publish: listFlag("Publish a container's port(s) to the host", { short: "p" }),
  "publish-all": switchFlag("Publish all exposed ports to random ports", { short: "P" }),
  pull: textFlag('Pull image before running ("always", "missing", "never")', { initial: "missing" }),
  quiet: switchFlag("Suppress the pull output", { short: "q" }),
  "read-only": switchFlag("Mount the container's root filesystem as read only"),
  restart: textFlag("Restart policy to apply when a container exits", { initial: "no" }),
  rm: switchFlag("Automatically remove the container and its associated anonymous volumes when it exits"),
  runtime: textFlag("Runtime to use for this container"),
  "security-opt": listFlag("Security Options"),
  "shm-size": bytesFlag("Size of /dev/shm"),
  "stop-signal": textFlag("Signal to stop the container"),
  "stop-timeout": intFlag("Timeout (in seconds) to stop a container"),
  "storage-opt": listFlag("Storage driver options for the container"),
  sysctl: listFlag("Sysctl options", { placeholder: "map", check: checkSysctl }),
  tmpfs: listFlag("Mount a tmpfs directory"),
  tty: switchFlag("Allocate a pseudo-TTY", { short: "t" }),
  ulimit: itemsFlag("Ulimit options", "ulimit", parseUlimit),
  user: textFlag("Username or UID (format: <name|uid>[:<group|gid>])", { short: "u" }),
  userns: textFlag("User namespace to use"),
  uts: textFlag("UTS namespace to use"),
  volume: listFlag("Bind mount a volume", { short: "v" }),
  "volume-driver": textFlag("Optional volume driver for the container"),
  "volumes-from": listFlag("Mount volumes from the specified container(s)"),
  workdir: textFlag("Working directory inside the container", { short: "w" }),
};

export type CreateFlags = FlagValues<typeof CREATE_FLAGS>;
