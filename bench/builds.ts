/**
 * Builds as the docker client's plugin asks for them, of our engine and of Docker's BuildKit, and as our own client does. The plugin is
 * taken from TARE_BENCH_BUILDX, a client's configuration directory, where it is not installed.
 */
import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { output } from "../test/harness/process.ts";
import type { Bench } from "./bench.ts";
import { changeProject, makeProject } from "./harness/build-context.ts";
import type { Contender, Field } from "./harness/contenders.ts";
import { peakOf } from "./harness/memory.ts";
import { measurePaired } from "./harness/paired.ts";
import { pairedReport, type Report } from "./harness/report.ts";

const ROUNDS = { rounds: 5, warmUp: 1 };
const TRANSFER_FILES = 50;
const TRANSFER_FILE_MB = 10;

interface BuildClient {
  readonly name: string;
  readonly shell: Contender["shell"];
  /** What a command line begins with; flags and the context follow. */
  readonly build: string;
}

export const bench: Bench = {
  name: "builds",
  async run(field) {
    const dir = mkdtempSync("/var/tmp/tare-bench-");
    const clients = clientsOf(field);
    try {
      makeProject(join(dir, "project"));
      const reports = [await cached(clients, dir), await changed(clients, dir), await steps(clients, dir)];
      reports.push(await transfers(clients, dir), await tenAtOnce(clients, dir), await memory(field, clients, dir));
      return reports;
    } finally {
      for (const { shell, build } of clients) await forget(shell, build);
      rmSync(dir, { recursive: true });
    }
  },
};

function clientsOf({ tare, dockerOnTare, docker }: Field): BuildClient[] {
  const config = process.env.TARE_BENCH_BUILDX || undefined;
  const plugin = `${config === undefined ? "" : `DOCKER_CONFIG=${config} `}docker buildx build -q`;
  const own = { name: "tare", shell: tare.shell, build: `${tare.cli} build -q` };
  const others = [dockerOnTare, docker].filter((one) => one !== undefined);
  return [own, ...others.map(({ name, shell }) => ({ name, shell, build: plugin }))];
}

async function forget(shell: Contender["shell"], build: string): Promise<void> {
  if (build.includes("buildx")) await shell.run(`${build.replace("build -q", "prune -af")}`);
}

/** The same command for each client; what is done before it is not timed. */
async function paired(
  title: string,
  clients: readonly BuildClient[],
  { command, before }: { command: (client: BuildClient) => string; before?: () => void },
): Promise<Report> {
  const contenders = Object.fromEntries(clients.map((one) => [one.name, () => one.shell.run(command(one))]));
  const measured = await measurePaired(contenders, { ...ROUNDS, before: () => Promise.resolve(before?.()) });
  return pairedReport(title, measured);
}

function cached(clients: readonly BuildClient[], dir: string): Promise<Report> {
  const command = ({ build }: BuildClient): string => `${build} -t bench-project ${join(dir, "project")}`;
  return paired("rebuild of 20 steps in 4 stages with 20,000 files, all cached", clients, { command });
}

function changed(clients: readonly BuildClient[], dir: string): Promise<Report> {
  let version = 0;
  const project = join(dir, "project");
  return paired("the same with one line of one file changed", clients, {
    command: ({ build }) => `${build} -t bench-project ${project}`,
    before: () => changeProject(project, ++version),
  });
}

function steps(clients: readonly BuildClient[], dir: string): Promise<Report> {
  const context = join(dir, "steps");
  mkdirSync(context);
  writeFileSync(join(context, "Dockerfile"), `FROM busybox\n${"RUN true\n".repeat(30)}`);
  return paired("30 steps of RUN true", clients, {
    command: ({ build }) => `${build} --no-cache -t bench-steps ${context}`,
  });
}

/** All files are new to the engine each time, their content is not: it is what is sent that is measured, and what is hashed. */
async function transfers(clients: readonly BuildClient[], dir: string): Promise<Report> {
  const context = join(dir, "large");
  mkdirSync(context);
  writeFileSync(join(context, "Dockerfile"), "FROM busybox\nRUN --mount=target=/context true\n");
  const files = Array.from({ length: TRANSFER_FILES }, (_, at) => join(context, `f${at}`));
  for (const file of files) await output(["sh", "-c", `head -c ${TRANSFER_FILE_MB}M /dev/urandom >${file}`]);
  let now = 1_700_000_000;
  return paired(`context of ${TRANSFER_FILES * TRANSFER_FILE_MB} MB`, clients, {
    command: ({ build }) => `${build} -t bench-transfer ${context}`,
    before: () => {
      now++;
      for (const file of files) utimesSync(file, now, now);
    },
  });
}

/** A second of work in all, whoever comes first. */
function tenAtOnce(clients: readonly BuildClient[], dir: string): Promise<Report> {
  const context = join(dir, "shared");
  mkdirSync(context);
  let round = 0;
  return paired("10 builds of one file at once, a step of which takes a second", clients, {
    command: ({ build }) => `for n in 1 2 3 4 5 6 7 8 9 10; do ${build} ${context} & done; wait`,
    before: () => writeFileSync(join(context, "Dockerfile"), `FROM busybox\nRUN sleep 1 && echo ${++round} >/round\n`),
  });
}

async function memory({ engine }: Field, clients: readonly BuildClient[], dir: string): Promise<Report> {
  const [client] = clients;
  const rows: (string | number)[][] = [];
  if (client !== undefined) {
    const { build, shell } = client;
    const context = join(dir, "huge");
    mkdirSync(context);
    writeFileSync(join(context, "Dockerfile"), "FROM busybox\nCOPY . /context\n");
    await output(["sh", "-c", `head -c 2G /dev/urandom >${join(context, "file")}`]);
    rows.push([
      "a context of 2 GB, copied and exported",
      await peakOf(engine.pid, () => shell.run(`${build} ${context}`)),
    ]);
    rmSync(context, { recursive: true });
    const many = join(dir, "many");
    mkdirSync(many);
    writeFileSync(join(many, "Dockerfile"), "FROM busybox\nARG n\nRUN echo $n >/n\n");
    const loop = `for n in $(seq 100); do ${build} --build-arg n=$n ${many} & done; wait`;
    rows.push(["100 builds at once", await peakOf(engine.pid, () => shell.run(loop))]);
  }
  return { title: "the engine's memory at most while it builds", columns: ["", "MiB"], rows };
}
