/** tare update: change the limits and the restart policy of containers. */
import type { ContainerUpdateRequest } from "../../wire/container.ts";
import { defineCommand, type Input } from "../command.ts";
import { parseRestartPolicy } from "../container/policies.ts";
import { parseBytes, parseCpus, parseSwapBytes, parseUnsigned } from "../container/values.ts";
import { eachOf } from "../each.ts";
import { CommandError } from "../errors.ts";
import { intFlag, textFlag, valueFlag } from "../flag-kinds.ts";

const bytes = { placeholder: "bytes" };

const FLAGS = {
  "blkio-weight": valueFlag(
    "Block IO (relative weight), between 10 and 1000, or 0 to disable (default 0)",
    (text) => parseUnsigned(text, 16),
    { placeholder: "uint16" },
  ),
  "cpu-period": intFlag("Limit CPU CFS (Completely Fair Scheduler) period"),
  "cpu-quota": intFlag("Limit CPU CFS (Completely Fair Scheduler) quota"),
  "cpu-rt-period": intFlag("Limit the CPU real-time period in microseconds"),
  "cpu-rt-runtime": intFlag("Limit the CPU real-time runtime in microseconds"),
  "cpu-shares": intFlag("CPU shares (relative weight)", { short: "c" }),
  cpus: valueFlag("Number of CPUs", parseCpus, { placeholder: "decimal" }),
  "cpuset-cpus": textFlag("CPUs in which to allow execution (0-3, 0,1)"),
  "cpuset-mems": textFlag("MEMs in which to allow execution (0-3, 0,1)"),
  memory: valueFlag("Memory limit", parseBytes, { short: "m", ...bytes }),
  "memory-reservation": valueFlag("Memory soft limit", parseBytes, bytes),
  "memory-swap": valueFlag("Swap limit equal to memory plus swap: -1 to enable unlimited swap", parseSwapBytes, bytes),
  "pids-limit": intFlag("Tune container pids limit (set -1 for unlimited)"),
  restart: textFlag("Restart policy to apply when a container exits"),
};

export const command = defineCommand({
  usage: "[OPTIONS] CONTAINER [CONTAINER...]",
  flags: FLAGS,
  args: [1, Number.POSITIVE_INFINITY],
  async run(context, { flags, given, args }) {
    if (given.size === 0) throw new CommandError("you must provide one or more flags when using this command");
    const request = toRequest(flags);
    const { containers } = await context.client();
    return eachOf(context, args, async (ref) => {
      const { Warnings } = await containers.update(ref, request);
      return [ref, ...(Warnings ?? [])].map((line) => `${line}\n`).join("");
    });
  },
});

/** Zero and "" leave a limit as it is. */
function toRequest(flags: Input<typeof FLAGS>["flags"]): Partial<ContainerUpdateRequest> {
  return {
    BlkioWeight: flags["blkio-weight"] ?? 0,
    CpuPeriod: flags["cpu-period"] ?? 0,
    CpuQuota: flags["cpu-quota"] ?? 0,
    CpuRealtimePeriod: flags["cpu-rt-period"] ?? 0,
    CpuRealtimeRuntime: flags["cpu-rt-runtime"] ?? 0,
    CpuShares: flags["cpu-shares"] ?? 0,
    NanoCpus: flags.cpus ?? 0,
    CpusetCpus: flags["cpuset-cpus"],
    CpusetMems: flags["cpuset-mems"],
    Memory: flags.memory ?? 0,
    MemoryReservation: flags["memory-reservation"] ?? 0,
    MemorySwap: flags["memory-swap"] ?? 0,
    PidsLimit: flags["pids-limit"] ?? null,
    ...(flags.restart === "" ? {} : { RestartPolicy: parseRestartPolicy(flags.restart) }),
  };
}
