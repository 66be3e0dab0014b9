/** Published ports: what they add to a run, what passes through them, and how many connections a second. */
import { eventually } from "../test/harness/eventually.ts";
import type { Bench } from "./bench.ts";
import type { Contender, Field } from "./harness/contenders.ts";
import { measurePaired } from "./harness/paired.ts";
import { Program } from "./harness/program.ts";
import { pairedReport, type Report } from "./harness/report.ts";

const SECONDS = 3;
const ROUNDS = 3;
const [SINK, GREET] = ["tare-bench-sink", "tare-bench-greet"];

export const bench: Bench = {
  name: "ports",
  run: async (field) => [await runPublished(field), await traffic(field)],
};

async function runPublished(field: Field): Promise<Report> {
  const contenders = field.all.map(({ name, cli, shell }) => {
    // The same in podman's words.
    const port = name === "podman" ? "80" : "0:80";
    return [name, () => shell.run(`${cli} run --rm -p ${port} busybox true`)] as const;
  });
  const measured = await measurePaired(Object.fromEntries(contenders));
  return pairedReport("run --rm -p 0:80 busybox true, command line to its exit", measured);
}

/** A server of each kind behind an engine. */
interface Servers {
  readonly engine: Contender;
  /** Ports of the host. */
  readonly sink: string;
  readonly greet: string;
  readonly address: string;
  readonly gateway: string;
}

/** What is measured: the better of some rounds, in which the engines take turns. */
const WAYS: Readonly<Record<string, (traffic: Program, servers: Servers) => Promise<string>>> = {
  "host to 127.0.0.1, MB/s": ({ path }, { engine, sink }) =>
    engine.shell.firstLine(`${path} send 127.0.0.1 ${sink} ${SECONDS}`),
  "host to its own address, MB/s": ({ path }, { engine, sink, gateway }) =>
    engine.shell.firstLine(`${path} send ${gateway} ${sink} ${SECONDS}`),
  "container to container, MB/s": (_, { engine, address }) => inside(engine, `send ${address} 80`),
  "container by the host's address, MB/s": (_, { engine, gateway, sink }) => inside(engine, `send ${gateway} ${sink}`),
  "connections a second to 127.0.0.1": ({ path }, { engine, greet }) =>
    engine.shell.firstLine(`${path} connect 127.0.0.1 ${greet} ${SECONDS}`),
  "connections a second to the host's address": ({ path }, { engine, greet, gateway }) =>
    engine.shell.firstLine(`${path} connect ${gateway} ${greet} ${SECONDS}`),
};

const inside = ({ cli, shell }: Contender, words: string): Promise<string> =>
  shell.firstLine(`${cli} run --rm tare-bench-traffic /traffic ${words} ${SECONDS}`);

async function traffic({ tare, docker }: Field): Promise<Report> {
  using program = await Program.compile("traffic");
  await using stack = new AsyncDisposableStack();
  const ours = await start(program, tare, stack);
  const theirs = docker === undefined ? undefined : await start(program, docker, stack);
  const rows: (string | number)[][] = [];
  for (const [way, measure] of Object.entries(WAYS)) {
    const best = { ours: 0, theirs: 0 };
    for (let round = 0; round < ROUNDS; round++) {
      best.ours = Math.max(best.ours, Number(await measure(program, ours)));
      if (theirs !== undefined) best.theirs = Math.max(best.theirs, Number(await measure(program, theirs)));
    }
    rows.push([way, best.ours, ...(theirs === undefined ? ["", ""] : [best.theirs, best.ours / best.theirs])]);
  }
  return { title: "TCP through published ports", columns: ["", "tare", "docker", "ratio"], rows };
}

async function start(program: Program, engine: Contender, stack: AsyncDisposableStack): Promise<Servers> {
  const { cli, shell } = engine;
  await program.install(engine);
  stack.defer(() => shell.run(`${cli} rmi ${program.image}`));
  const serve = async (name: string, kind: string): Promise<string> => {
    stack.defer(() => shell.run(`${cli} rm -f ${name}`));
    await shell.run(`${cli} run -d --name ${name} -p 80 ${program.image} /traffic ${kind} 80`);
    return shell.firstLine(`${cli} port ${name} 80 | sed 's/.*://'`);
  };
  const [sink, greet] = [await serve(SINK, "sink"), await serve(GREET, "greet")];
  const inspect = (what: string): Promise<string> => shell.firstLine(`${cli} inspect -f '{{${what}}}' ${SINK}`);
  const servers = {
    engine,
    sink,
    greet,
    address: await inspect(".NetworkSettings.Networks.bridge.IPAddress"),
    gateway: await inspect(".NetworkSettings.Networks.bridge.Gateway"),
  };
  await eventually(async () => Number(await shell.firstLine(`${program.path} connect 127.0.0.1 ${greet} 0.1`)) > 0);
  return servers;
}
