/**
 * Four images of 1.4 GB, no layer of which is another's, pulled at once from a docker-registry on loopback: what the engine takes in
 * memory, and how long others wait for its answers meanwhile, beside an engine that has nothing to do on the same machine.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { TestEngine } from "../test/harness/engine.ts";
import { DockerRegistry } from "../test/harness/registry.ts";
import type { Bench } from "./bench.ts";
import type { Field } from "./harness/contenders.ts";
import { largeImage, variantOf } from "./harness/large-image.ts";
import { Peak } from "./harness/peak.ts";
import { Program } from "./harness/program.ts";
import { pushImage } from "./harness/push-image.ts";
import type { Report } from "./harness/report.ts";

const AT_ONCE = 4;

export const bench: Bench = { name: "at-once", run: atOnce };

async function atOnce(field: Field): Promise<Report[]> {
  await using registry = await DockerRegistry.start();
  await using idle = await TestEngine.start();
  using program = await Program.compile("pings");
  const references = await publish(registry.host);
  const peak = new Peak(field.engine.pid);
  const engines = { "tare, pulling": field.engine, "an idle engine beside it": idle };
  const pings = Object.values(engines).map(({ socketPath }) =>
    Bun.spawn([program.path, socketPath], { stdout: "pipe", stderr: "inherit" }),
  );
  const started = performance.now();
  const { cli, shell } = field.tare;
  await shell.run(`${references.map((reference) => `${cli} pull -q ${reference} & `).join("")} wait`);
  const seconds = (performance.now() - started) / 1000;
  for (const ping of pings) ping.kill();
  const waits = await Promise.all(pings.map(({ stdout }) => stdout.text()));
  const memory = peak.end();
  await shell.run(`${cli} rmi -f ${references.join(" ")}`);
  return [
    {
      title: "Four images of 1.4 GB at once: memory at its highest",
      columns: ["", "s", "private MiB", "proportional MiB", "anonymous MiB"],
      rows: [["tare", seconds, memory.privateKb / 1024, memory.proportionalKb / 1024, memory.anonymousKb / 1024]],
    },
    {
      title: "Answers meanwhile, one asked for each millisecond",
      columns: ["", "median ms", "p99 ms", "p99.9 ms", "longest ms", "longer than 20 ms"],
      rows: Object.keys(engines).map((name, at) => [name, ...(waits[at]?.trim().split(" ").map(Number) ?? [])]),
    },
  ];
}

/** References to pull them by. */
async function publish(host: string): Promise<string[]> {
  const dir = mkdtempSync(join(tmpdir(), "tare-bench-variants-"));
  const references: string[] = [];
  try {
    for (let at = 0; at < AT_ONCE; at++) {
      const variant = await variantOf(await largeImage(), join(dir, `${at}`));
      references.push(await pushImage(host, variant, "gzip", `bench/variant-${at}`));
      rmSync(join(dir, `${at}`), { recursive: true });
    }
    return references;
  } finally {
    rmSync(dir, { recursive: true });
  }
}
