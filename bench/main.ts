/**
 * `npm run bench [names]`: runs the benchmarks and prints their tables as Markdown; `--json FILE` keeps the figures as well. Set
 * TARE_PEER_DOCKER to a Docker socket, and TARE_PEER_ENTER to a command that leads to podman, to measure against them.
 */
import { bench as archives } from "./archives.ts";
import { bench as atOnce } from "./at-once.ts";
import { bench as builds } from "./builds.ts";
import { bench as copy } from "./copy.ts";
import { bench as execBench } from "./exec.ts";
import { Field } from "./harness/contenders.ts";
import { type Report, toMarkdown } from "./harness/report.ts";
import { bench as images } from "./images.ts";
import { bench as logs } from "./logs.ts";
import { bench as memory } from "./memory.ts";
import { bench as names } from "./names.ts";
import { bench as networks } from "./networks.ts";
import { bench as ports } from "./ports.ts";
import { bench as ps } from "./ps.ts";
import { bench as push } from "./push.ts";
import { bench as runRm } from "./run-rm.ts";
import { bench as scale } from "./scale.ts";
import { bench as start } from "./start.ts";
import { bench as volumes } from "./volumes.ts";

const BENCHES = [
  memory,
  runRm,
  execBench,
  start,
  ps,
  scale,
  logs,
  copy,
  networks,
  names,
  ports,
  archives,
  push,
  atOnce,
  volumes,
  images,
  builds,
];

async function main(argv: readonly string[]): Promise<number> {
  const at = argv.indexOf("--json");
  const jsonPath = at < 0 ? undefined : argv[at + 1];
  const names = argv.filter((_, index) => at < 0 || (index !== at && index !== at + 1));
  const unknown = names.filter((name) => !BENCHES.some((bench) => bench.name === name));
  if (unknown.length > 0) {
    console.error(`no such benchmark: ${unknown.join(", ")} (there are ${BENCHES.map(({ name }) => name).join(", ")})`);
    return 2;
  }
  const reports: Report[] = [];
  await using field = await Field.open();
  for (const bench of BENCHES.filter(({ name }) => names.length === 0 || names.includes(name))) {
    for (const report of await bench.run(field)) {
      console.log(toMarkdown(report));
      reports.push(report);
    }
  }
  if (jsonPath !== undefined) await Bun.write(jsonPath, `${JSON.stringify(reports, undefined, 2)}\n`);
  return 0;
}

process.exitCode = await main(process.argv.slice(2));
