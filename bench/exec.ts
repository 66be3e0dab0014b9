/** `exec` of `true` in a running container, from the command line's start to its exit. */
import type { Bench } from "./bench.ts";
import { measurePaired } from "./harness/paired.ts";
import { pairedReport } from "./harness/report.ts";

const NAME = "tare-bench-exec";

export const bench: Bench = {
  name: "exec",
  async run(field) {
    const contenders: Record<string, () => Promise<void>> = {};
    const owners = [field.tare, field.docker, field.podman].filter((one) => one !== undefined);
    for (const { cli, shell } of owners) await shell.run(`${cli} run -d --name ${NAME} busybox sleep 1000`);
    for (const { name, cli, shell } of field.all) contenders[name] = () => shell.run(`${cli} exec ${NAME} true`);
    const measured = await measurePaired(contenders);
    for (const { cli, shell } of owners) await shell.run(`${cli} kill ${NAME} && ${cli} rm -f ${NAME}`);
    return [pairedReport("exec true in a running container, command line to its exit", measured)];
  },
};
