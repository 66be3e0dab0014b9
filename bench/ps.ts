/** `ps` with 200 running containers. */
import type { Bench } from "./bench.ts";
import { measurePaired } from "./harness/paired.ts";
import { pairedReport } from "./harness/report.ts";

const COUNT = 200;

export const bench: Bench = {
  name: "ps",
  async run(field) {
    const contenders: Record<string, () => Promise<void>> = {};
    const owners = [field.tare, field.docker].filter((one) => one !== undefined);
    for (const { cli, shell } of owners) {
      const start = `${cli} run -d --network none --label tare-bench-ps busybox sleep 1000`;
      await shell.run(`for i in $(seq ${COUNT}); do ${start} || exit 1; done`);
    }
    for (const { name, cli, shell } of [...owners, field.dockerOnTare]) contenders[name] = () => shell.run(`${cli} ps`);
    const measured = await measurePaired(contenders);
    for (const { cli, shell } of owners) await shell.run(`${cli} rm -f $(${cli} ps -aq --filter label=tare-bench-ps)`);
    return [pairedReport(`ps with ${COUNT} running containers`, measured)];
  },
};
