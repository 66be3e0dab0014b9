/** The flags of `build`, those of `docker buildx build`. */
import {
  parseBytes,
  parseCpus,
  parseDuration,
  parseSwapBytes,
  parseUlimit,
  type UlimitValue,
} from "../container/values.ts";
import { intFlag, listFlag, switchFlag, textFlag, valueFlag } from "../flag-kinds.ts";
import type { Flag, FlagValues } from "../flags.ts";
import { csvFlag } from "../network/csv-flag.ts";

const words = { placeholder: "stringArray" };
const bytes = { placeholder: "bytes" };

const ulimitFlag: Flag<readonly UlimitValue[]> = {
  placeholder: "ulimit",
  help: "Ulimit options",
  shownDefault: "[]",
  initial: [],
  parse: (text, previous) => [...previous, parseUlimit(text)],
};

export const BUILD_FLAGS = {
  "add-host": csvFlag('Add a custom host-to-IP mapping (format: "host:ip")'),
  allow: listFlag('Allow extra privileged entitlement (e.g., "network.host", "security.insecure")', words),
  annotation: listFlag("Add annotation to the image", words),
  attest: listFlag('Attestation parameters (format: "type=sbom,generator=image")', words),
  "build-arg": listFlag("Set build-time variables", words),
  "build-context": listFlag("Additional build contexts (e.g., name=path)", words),
  "cache-from": listFlag('External cache sources (e.g., "user/app:cache", "type=local,src=path/to/dir")', words),
  "cache-to": listFlag('Cache export destinations (e.g., "user/app:cache", "type=local,dest=path/to/dir")', words),
  call: textFlag('Set method for evaluating build ("check", "outline", "targets")', { initial: "build" }),
  "cgroup-parent": textFlag('Set the parent cgroup for the "RUN" instructions during build'),
  check: switchFlag('Shorthand for "--call=check"'),
  compress: switchFlag("Compress the build context (accepted, not used)", { hidden: true }),
  "cpu-period": intFlag("Limit the CPU CFS (Completely Fair Scheduler) period of each RUN"),
  "cpu-quota": intFlag("Limit the CPU CFS (Completely Fair Scheduler) quota of each RUN"),
  "cpu-shares": intFlag("CPU shares of each RUN (relative weight)", { short: "c" }),
  cpus: valueFlag("Number of CPUs of each RUN", parseCpus, { placeholder: "decimal" }),
  "cpuset-cpus": textFlag("CPUs in which to allow execution (0-3, 0,1)"),
  "cpuset-mems": textFlag("MEMs in which to allow execution (0-3, 0,1)"),
  debug: switchFlag("Show what warnings are about", { short: "D" }),
  file: textFlag('Name of the Dockerfile (default: "PATH/Dockerfile")', { short: "f" }),
  "force-rm": switchFlag("Always remove intermediate containers (accepted, not used)", { hidden: true }),
  iidfile: textFlag("Write the image ID to a file"),
  label: listFlag("Set metadata for an image", words),
  load: switchFlag('Shorthand for "--output=type=docker"'),
  memory: valueFlag("Memory limit of each RUN", parseBytes, { ...bytes, short: "m" }),
  "memory-swap": valueFlag("Memory plus swap limit of each RUN: -1 to enable unlimited swap", parseSwapBytes, bytes),
  "metadata-file": textFlag("Write build result metadata to a file"),
  network: textFlag('Set the networking mode for the "RUN" instructions during build', { initial: "default" }),
  "no-cache": switchFlag("Do not use cache when building the image"),
  "no-cache-filter": listFlag("Do not cache specified stages", words),
  output: listFlag('Output destination (format: "type=local,dest=path")', { ...words, short: "o" }),
  "pids-limit": intFlag("Limit the processes of each RUN"),
  platform: listFlag("Set target platform for build", words),
  progress: textFlag(
    'Set type of progress output ("auto", "none", "plain", "quiet", "rawjson", "tty"). Use plain to show container output',
    { initial: "auto" },
  ),
  provenance: textFlag('Shorthand for "--attest=type=provenance"'),
  pull: switchFlag("Always attempt to pull all referenced images"),
  push: switchFlag('Shorthand for "--output=type=registry"'),
  quiet: switchFlag("Suppress the build output and print image ID on success", { short: "q" }),
  rm: switchFlag("Remove intermediate containers after a successful build (accepted, not used)", {
    initial: true,
    hidden: true,
  }),
  "run-timeout": valueFlag("Time limit of each RUN (ms|s|m|h)", parseDuration, { placeholder: "duration" }),
  sbom: textFlag('Shorthand for "--attest=type=sbom"'),
  secret: listFlag('Secret to expose to the build (format: "id=mysecret[,src=/local/secret]")', words),
  "shm-size": valueFlag("Shared memory size for build containers", parseBytes, bytes),
  ssh: listFlag('SSH agent socket to expose to the build (format: "default|<id>[=<socket>]")', words),
  tag: listFlag('Name and optionally a tag (format: "name:tag")', { ...words, short: "t" }),
  target: textFlag("Set the target build stage to build"),
  ulimit: ulimitFlag,
};

export type BuildFlags = FlagValues<typeof BUILD_FLAGS>;
