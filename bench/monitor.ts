/**
 * `bun bench/monitor.ts`: the monitor alone, without an engine. What it adds to the start of a container, how fast it writes a log,
 * and what memory it keeps. Builds nothing: run native/build.sh first.
 */
import { chmodSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { spawnMonitor } from "../src/runtime/monitor/spawn.ts";
import type { MonitorHandle } from "../src/runtime/monitor/types.ts";
import { bareBundle } from "./harness/bundle.ts";
import { privateMemoryKb } from "./harness/memory.ts";
import { measurePaired, quantile } from "./harness/paired.ts";
import { pairedReport, type Report, toMarkdown } from "./harness/report.ts";

const MEGABYTES = 512;
const ROUNDS = 5;
const monitorPath = resolve(import.meta.dir, "../native/build/tare-monitor");
const PLAIN = { monitorPath, terminal: false, stdin: false, stdinOnce: false, hold: false };

/** Writers that run outside of any container: it is the monitor that is measured. */
const WRITERS: Readonly<Record<string, string>> = {
  "lines of 120 bytes": `yes ${"x".repeat(119)} | head -c ${MEGABYTES}M`,
  "lines of 16 bytes": `yes ${"x".repeat(15)} | head -c ${MEGABYTES}M`,
  "no newline at all": `dd if=/dev/zero bs=64k count=${MEGABYTES * 16} status=none`,
};

/** The engine always has a listener, without which Bun polls unreferenced children slowly. */
const listener = Bun.listen({ unix: join(tmpdir(), `tare-bench-${process.pid}.sock`), socket: { data() {} } });
const dir = mkdtempSync(join("/var/tmp", "tare-bench-monitor-"));
try {
  for (const report of [await startReport(), await logReport(), await memoryReport()]) console.log(toMarkdown(report));
} finally {
  rmSync(dir, { recursive: true });
  listener.stop(true);
}

async function startReport(): Promise<Report> {
  await using bundle = await bareBundle();
  const ids: string[] = [];
  const run = (): string[] => {
    const id = `${bundle.id}-${ids.length}`;
    ids.push(id);
    return ["crun", "run", "--detach", "--bundle", bundle.dir, "--pid-file", join(bundle.dir, "pid"), id];
  };
  const measured = await measurePaired(
    {
      "bare crun run --detach": async () => {
        await Bun.spawn(run(), { stdio: ["ignore", "ignore", "ignore"] }).exited;
      },
      "the monitor, until the process runs": async () => {
        const log = { path: join(dir, "log"), maxBytes: 20_000_000, maxFiles: 5 };
        await spawnMonitor({ ...PLAIN, dir: bundle.dir, argv: run(), log }).started;
      },
    },
    { rounds: 40 },
  );
  for (const id of ids) await Bun.spawn(["crun", "delete", "--force", id], { stderr: "ignore" }).exited;
  return pairedReport("Start of a container", measured);
}

async function logReport(): Promise<Report> {
  const rows: (string | number)[][] = [];
  for (const [name, command] of Object.entries(WRITERS)) {
    const rates: { written: number; filed: number }[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      const log = join(dir, "log");
      rmSync(log, { force: true });
      const started = performance.now();
      await shell(command, log).exited;
      const seconds = (performance.now() - started) / 1000;
      rates.push({ written: MEGABYTES / seconds, filed: statSync(log).size / 2 ** 20 / seconds });
    }
    const median = (of: "written" | "filed"): number =>
      quantile(
        rates.map((rate) => rate[of]),
        0.5,
      );
    rows.push([name, median("written"), median("filed")]);
  }
  return { title: `Log of ${MEGABYTES} MB from one writer`, columns: ["", "MB/s written", "MB/s into the file"], rows };
}

async function memoryReport(): Promise<Report> {
  const rows: (string | number)[][] = [];
  for (const [name, output] of [
    ["idle", "true"],
    ["after 20 MB of output", "yes | head -c 20M"],
  ] as const) {
    const monitor = shell(`${output}; touch ready; read line`, join(dir, "log"), true);
    const { pid } = await monitor.started;
    while (!(await Bun.file(join(dir, "ready")).exists())) await Bun.sleep(10);
    const status = await Bun.file(`/proc/${pid}/status`).text();
    rows.push([name, privateMemoryKb([Number(/^PPid:\t(\d+)$/m.exec(status)?.[1])])]);
    (await monitor.attach({ stdin: true, stdout: false, stderr: false })).end();
    await monitor.exited;
    rmSync(join(dir, "ready"));
  }
  return { title: "Private memory of the only monitor (more of them share its code)", columns: ["", "KiB"], rows };
}

/** A shell command under a monitor, started by a script in the runtime's stead. */
function shell(command: string, log: string, stdin = false): MonitorHandle {
  const runtime = join(dir, "runtime");
  mkdirSync(dir, { recursive: true });
  writeFileSync(runtime, '#!/bin/sh\nexec 3<&0\nsetsid sh -c "$1" <&3 3<&- &\necho $! > pid\n');
  chmodSync(runtime, 0o755);
  const env = { PATH: process.env.PATH ?? "" };
  const target = { path: log, maxBytes: 0, maxFiles: 1 };
  return spawnMonitor({ ...PLAIN, env, dir, argv: [runtime, command], log: target, stdin, stdinOnce: stdin });
}
