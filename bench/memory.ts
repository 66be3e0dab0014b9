/** Memory of the engines at rest, and of what stands beside each container. */
import type { Bench } from "./bench.ts";
import { commandLine, privateMemoryKb, processesNamed, proportionalKb } from "./harness/memory.ts";

const NAME = "tare-bench-memory";

export const bench: Bench = {
  name: "memory",
  async run(field) {
    const { engine, tare, docker } = field;
    const rows: (string | number)[][] = [["tare engine, idle", ...amounts([engine.pid])]];
    if (docker !== undefined)
      rows.push(["dockerd and containerd, idle", ...amounts(processesNamed("dockerd", "containerd"))]);
    const shimsBefore = processesNamed("containerd-shim");
    const owners = [tare, docker].filter((one) => one !== undefined);
    for (const { cli, shell } of owners) await shell.run(`${cli} run -d --name ${NAME} busybox sleep 1000`);
    const monitors = processesNamed("tare-monitor").filter((pid) => commandLine(pid).includes(engine.dir));
    rows.push(["tare-monitor, per container", ...amounts(monitors)]);
    const shims = processesNamed("containerd-shim").filter((pid) => !shimsBefore.includes(pid));
    if (shims.length > 0) rows.push(["containerd-shim, per container", ...amounts(shims)]);
    for (const { cli, shell } of owners) await shell.run(`${cli} rm -f ${NAME}`);
    return [{ title: "Memory", columns: ["", "private KiB", "proportional KiB"], rows }];
  },
};

const amounts = (pids: readonly number[]): number[] => [privateMemoryKb(pids), proportionalKb(pids)];
