/** The push of an image whose one layer of 300 MB no registry has seen, to a docker-registry on loopback. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DockerRegistry } from "../test/harness/registry.ts";
import type { Bench } from "./bench.ts";
import type { Field } from "./harness/contenders.ts";
import { largeImage } from "./harness/large-image.ts";
import { measurePaired } from "./harness/paired.ts";
import { pairedReport, type Report } from "./harness/report.ts";

const ROUNDS = { rounds: 5, warmUp: 0 };
const LAYER_BYTES = 300 * 1000 * 1000;

export const bench: Bench = { name: "push", run: pushes };

/** Each push's layer is a new one; making it is not counted. */
async function pushes(field: Field): Promise<Report[]> {
  await using registry = await DockerRegistry.start();
  const { archive } = await largeImage();
  const dir = mkdtempSync(join(tmpdir(), "tare-bench-push-"));
  const engines = [field.tare, field.docker].filter((one) => one !== undefined);
  let count = 0;
  const nameOf = (): string => `${registry.host}/bench/pushed:${count}`;
  try {
    const contenders = Object.fromEntries(
      engines.map(({ name, cli, shell }) => [name, () => shell.run(`${cli} push -q ${nameOf()}`)]),
    );
    const measured = await measurePaired(contenders, {
      ...ROUNDS,
      before: async (name) => {
        const engine = engines.find((one) => one.name === name);
        if (engine === undefined) return;
        const { cli, shell } = engine;
        count++;
        const content = `echo ${count} >${dir}/count && head -c ${LAYER_BYTES} ${archive} >${dir}/data`;
        await shell.run(
          `${content} && tar -C ${dir} -c count data | ${cli} import - ${nameOf()} && rm ${dir}/data && sync`,
        );
      },
    });
    return [pairedReport("push of a new layer of 300 MB", measured)];
  } finally {
    for (const { cli, shell } of engines) {
      await shell.run(`${cli} images -q ${registry.host}/bench/pushed | xargs -r ${cli} rmi -f`);
    }
    rmSync(dir, { recursive: true });
  }
}
