/** DNS: a name of a neighbour, asked for by sixteen clients at a time from within a container; and a run on a network that has names. */
import type { Bench } from "./bench.ts";
import type { Contender, Field } from "./harness/contenders.ts";
import { measurePaired } from "./harness/paired.ts";
import { Program } from "./harness/program.ts";
import { pairedReport, type Report } from "./harness/report.ts";

const CLIENTS = 16;
const SECONDS = 3;
const ROUNDS = 3;
const [NETWORK, SERVER] = ["tare-bench-names", "tare-bench-name"];

export const bench: Bench = {
  name: "names",
  async run(field) {
    const engines = [field.tare, field.docker, field.podman].filter((engine) => engine !== undefined);
    await using stack = new AsyncDisposableStack();
    for (const { cli, shell } of engines) {
      await shell.run(`${cli} network create ${NETWORK}`);
      stack.defer(() => shell.run(`${cli} network rm ${NETWORK}`));
    }
    return [await runOnNetwork(field), await queries(engines)];
  },
};

async function runOnNetwork(field: Field): Promise<Report> {
  const contenders = field.all.map(({ name, cli, shell }) => {
    return [name, () => shell.run(`${cli} run --rm --network ${NETWORK} busybox true`)] as const;
  });
  const measured = await measurePaired(Object.fromEntries(contenders));
  return pairedReport("run --rm --network of one's own busybox true, command line to its exit", measured);
}

interface Best {
  perSecond: number;
  p99Us: number;
}

/** The best of some rounds, in which the engines take turns. */
async function queries(engines: readonly Contender[]): Promise<Report> {
  using program = await Program.compile("queries");
  await using stack = new AsyncDisposableStack();
  for (const engine of engines) await prepare(engine, program, stack);
  const rows: (string | number)[][] = [];
  for (const [fresh, title] of ["one socket for all its queries", "a socket for each query, as libc's"].entries()) {
    const best = engines.map((): Best => ({ perSecond: 0, p99Us: Number.POSITIVE_INFINITY }));
    for (let round = 0; round < ROUNDS; round++) {
      for (const [at, engine] of engines.entries()) keepBest(best[at], await measure(engine, program, fresh));
    }
    for (const [at, { name }] of engines.entries()) {
      const { perSecond = 0, p99Us = 0 } = best[at] ?? {};
      rows.push([`${name}: ${title}`, perSecond, p99Us, (best[0]?.perSecond ?? 0) / perSecond]);
    }
  }
  return {
    title: `a neighbour's name, ${CLIENTS} clients`,
    columns: ["", "answers a second", "p99 µs", "tare's ratio"],
    rows,
  };
}

async function prepare(
  { cli, shell, ...engine }: Contender,
  program: Program,
  stack: AsyncDisposableStack,
): Promise<void> {
  await program.install({ cli, shell, ...engine });
  stack.defer(() => shell.run(`${cli} rmi ${program.image}`));
  await shell.run(`${cli} run -d --name ${SERVER} --network ${NETWORK} busybox sleep 1000`);
  stack.defer(() => shell.run(`${cli} rm -f ${SERVER}`));
}

async function measure({ cli, shell }: Contender, { image }: Program, fresh: number): Promise<Best> {
  const asks = `/queries ${SERVER} ${CLIENTS} ${SECONDS} ${fresh}`;
  const line = await shell.firstLine(`${cli} run --rm --network ${NETWORK} ${image} ${asks}`);
  const [perSecond = 0, p99Us = 0] = line.split(" ").map(Number);
  return { perSecond, p99Us };
}

function keepBest(best: Best | undefined, { perSecond, p99Us }: Best): void {
  if (best === undefined) return;
  best.perSecond = Math.max(best.perSecond, perSecond);
  best.p99Us = Math.min(best.p99Us, p99Us);
}
