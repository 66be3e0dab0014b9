/** 200 containers started as fast as the machine allows: per second, and what each one costs in memory. */
import type { Bench } from "./bench.ts";
import type { Contender } from "./harness/contenders.ts";
import { commandLine, privateMemoryKb, processesNamed } from "./harness/memory.ts";
import type { Report } from "./harness/report.ts";

const COUNT = 200;
const AT_ONCE = 4;
const LABEL = "tare-bench-scale";

export const bench: Bench = {
  name: "scale",
  async run(field) {
    const rows: (string | number)[][] = [];
    const before = privateMemoryKb([field.engine.pid]);
    const perSecond = await startMany(field.tare);
    const after = privateMemoryKb([field.engine.pid]);
    const monitors = processesNamed("tare-monitor").filter((pid) => commandLine(pid).includes(field.engine.dir));
    const each = privateMemoryKb(monitors) / monitors.length;
    rows.push(["tare", perSecond, 1]);
    await removeAll(field.tare);
    if (field.docker !== undefined) {
      const theirs = await startMany(field.docker);
      rows.push(["docker", theirs, perSecond / theirs]);
      await removeAll(field.docker);
    }
    return [
      {
        title: `${COUNT} containers, ${AT_ONCE} clients at once`,
        columns: ["", "started per second", "tare is faster by"],
        rows,
      },
      memoryReport({ before, after, each }),
    ];
  },
};

function memoryReport({ before, after, each }: Record<"before" | "after" | "each", number>): Report {
  return {
    title: `Private memory with ${COUNT} containers`,
    columns: ["", "KiB"],
    rows: [
      ["engine before", before],
      [`engine with ${COUNT} running`, after],
      ["each monitor", each],
    ],
  };
}

async function startMany({ cli, shell }: Contender): Promise<number> {
  const one = `${cli} run -d --label ${LABEL} busybox sleep 1000`;
  const started = performance.now();
  await shell.run(`seq ${COUNT} | xargs -P ${AT_ONCE} -I {} sh -c '${one} || exit 255'`);
  return COUNT / ((performance.now() - started) / 1000);
}

const removeAll = ({ cli, shell }: Contender): Promise<void> =>
  shell.run(`${cli} rm -f $(${cli} ps -aq --filter label=${LABEL})`);
