/** An image of 1.4 GB and 53,000 files: pulled, loaded, saved and removed, and the first look into it from a cold page cache. */
import { writeFileSync } from "node:fs";
import { DockerRegistry } from "../test/harness/registry.ts";
import type { Bench } from "./bench.ts";
import type { Contender, Field } from "./harness/contenders.ts";
import { COMPRESSIONS, LARGE_IMAGE, largeImage } from "./harness/large-image.ts";
import { measurePaired } from "./harness/paired.ts";
import { pushImage } from "./harness/push-image.ts";
import { pairedReport, type Report } from "./harness/report.ts";

const ROUNDS = { rounds: 3, warmUp: 0 };
const NAME = "tare-bench-images";

export const bench: Bench = {
  name: "images",
  async run(field) {
    const image = await largeImage();
    const engines = [field.tare, field.docker, field.containerdStore, field.podman].filter((one) => one !== undefined);
    const local = engines.filter((one) => one !== field.podman);
    await using registry = await DockerRegistry.start();
    const reports: Report[] = [];
    for (const compression of COMPRESSIONS) {
      const reference = await pushImage(registry.host, image, compression);
      reports.push(await pulls(engines, reference, compression));
    }
    reports.push(await removals(engines, await pushImage(registry.host, image, "zstd")));
    reports.push(await loads(local, image.archive), await saves(local, image.archive));
    reports.push(...(await firstLooks(field, local)));
    for (const engine of local) await remove(engine, LARGE_IMAGE);
    return reports;
  },
};

const pull = ({ name, cli }: Contender, reference: string): string =>
  `${cli} pull -q ${name === "podman" ? "--tls-verify=false " : ""}${reference}`;

const remove = ({ cli, shell }: Contender, image: string): Promise<void> =>
  shell.run(`${cli} rmi -f ${image} 2>/dev/null || true`);

/** One command for each engine, after what `before` does untimed; what was written before is on disk. */
async function paired(
  title: string,
  engines: readonly Contender[],
  command: (engine: Contender) => string,
  before: (engine: Contender) => Promise<void>,
): Promise<Report> {
  const contenders = Object.fromEntries(engines.map((one) => [one.name, () => one.shell.run(command(one))]));
  const measured = await measurePaired(contenders, {
    ...ROUNDS,
    before: async (name) => {
      const engine = engines.find((one) => one.name === name);
      if (engine === undefined) return;
      await before(engine);
      await engine.shell.run("sync");
    },
  });
  return pairedReport(title, measured);
}

async function pulls(engines: readonly Contender[], reference: string, compression: string): Promise<Report> {
  const title = `pull of 1.4 GB in 5 layers of ${compression} from a registry on this machine`;
  const report = await paired(
    title,
    engines,
    (engine) => pull(engine, reference),
    (engine) => remove(engine, reference),
  );
  for (const engine of engines) await remove(engine, reference);
  return report;
}

function removals(engines: readonly Contender[], reference: string): Promise<Report> {
  const command = ({ cli }: Contender): string => `${cli} rmi ${reference}`;
  return paired("rmi of that image", engines, command, (engine) => engine.shell.run(pull(engine, reference)));
}

function loads(engines: readonly Contender[], archive: string): Promise<Report> {
  const command = ({ cli }: Contender): string => `${cli} load -q -i ${archive}`;
  return paired("load of that image from an archive", engines, command, (engine) => remove(engine, LARGE_IMAGE));
}

async function saves(engines: readonly Contender[], archive: string): Promise<Report> {
  for (const { cli, shell } of engines) await shell.run(`${cli} load -q -i ${archive}`);
  return paired(
    "save of that image",
    engines,
    ({ cli }) => `${cli} save ${LARGE_IMAGE}`,
    () => Promise.resolve(),
  );
}

const LOOKS: Readonly<Record<string, string>> = {
  "first start of Python in that image, cold": `@ run --rm ${LARGE_IMAGE} python3.11 -c 'import json, ssl, decimal'`,
  "find / in a container of that image, cold": `@ exec ${NAME} find /usr /etc /bin /lib`,
  "all files of 200 MB of Python libraries, cold": `@ exec ${NAME} sh -c 'find /usr/lib/python3 -type f -exec cat {} +'`,
};

/** The image is there already. */
async function firstLooks(field: Field, engines: readonly Contender[]): Promise<Report[]> {
  // What has just been written is taken from memory; an engine that finds the image there already takes it from the disk.
  await field.engine.stop();
  await field.engine.begin();
  for (const { cli, shell } of engines) await shell.run(`${cli} run -d --name ${NAME} ${LARGE_IMAGE} sleep 10000`);
  const reports: Report[] = [];
  for (const [title, command] of Object.entries(LOOKS)) {
    reports.push(await paired(title, engines, ({ cli }) => command.replace("@", cli), dropCaches));
  }
  for (const { cli, shell } of engines) await shell.run(`${cli} rm -f ${NAME}`);
  return reports;
}

async function dropCaches({ shell }: Contender): Promise<void> {
  await shell.run("sync");
  writeFileSync("/proc/sys/vm/drop_caches", "3");
}
