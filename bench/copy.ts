/**
 * cp both ways: one file of 1 GiB, and a tree of 20,000 small files. Every copy has a name of its own. Trees are deleted at the end: ext4
 * looks long for inodes among those that were deleted a moment ago. Files are deleted before the next: a page cache that is full makes
 * whoever writes wait for others' pages. Either would measure nothing but that.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { output } from "../test/harness/process.ts";
import type { Bench } from "./bench.ts";
import type { Contender } from "./harness/contenders.ts";
import { type Contenders, measurePaired } from "./harness/paired.ts";
import { pairedReport, type Report } from "./harness/report.ts";

const CONTAINER = "tare-bench-copy";
const FILE_BYTES = 1 << 30;
const DIRECTORIES = 100;
const FILES_EACH = 200;
const ROUNDS = { rounds: 5, warmUp: 1 };

export const bench: Bench = {
  name: "copy",
  async run({ tare, docker }) {
    const dir = mkdtempSync("/var/tmp/tare-bench-");
    const contenders = [tare, docker].filter((one) => one !== undefined);
    try {
      await makeSources(dir);
      for (const each of contenders) {
        await each.shell.run(`${each.cli} run -d --network none --name ${CONTAINER} busybox sleep 100000`);
      }
      const reports: Report[] = [];
      for (const what of ["file", "tree"]) {
        for (const way of ["in", "out"] as const) reports.push(await measure({ what, way, dir }, contenders));
      }
      return reports;
    } finally {
      for (const { cli, shell } of contenders) await shell.run(`${cli} rm -f ${CONTAINER}`);
      rmSync(dir, { recursive: true });
    }
  },
};

interface Copy {
  readonly what: string;
  readonly way: "in" | "out";
  readonly dir: string;
}

async function measure({ what, way, dir }: Copy, contenders: readonly Contender[]): Promise<Report> {
  const measured: Record<string, () => Promise<void>> = {};
  const prepared: Record<string, () => Promise<void>> = {};
  for (const { name, cli, shell } of contenders) {
    const source = join(dir, what);
    if (way === "out") await shell.run(`${cli} cp -q ${source} ${CONTAINER}:/${what}-to-copy`);
    let count = 0;
    const target = (): string => (way === "in" ? `/${what}-${count}` : join(dir, `${name}-${what}-${count}`));
    const forget = (): string => `${way === "in" ? `${cli} exec ${CONTAINER} ` : ""}rm -f ${target()}`;
    prepared[name] = () => shell.run(what === "file" ? `${forget()}; sync` : "sync");
    measured[name] = async () => {
      count++;
      const [from, to] =
        way === "in" ? [source, `${CONTAINER}:${target()}`] : [`${CONTAINER}:/${what}-to-copy`, target()];
      await shell.run(`${cli} cp -q ${from} ${to}`);
    };
  }
  const title = what === "file" ? "cp of one file of 1 GiB" : `cp of ${DIRECTORIES * FILES_EACH} small files`;
  const before = async (name: string): Promise<void> => prepared[name]?.();
  return pairedReport(`${title}, ${way}`, await measurePaired(measured satisfies Contenders, { ...ROUNDS, before }));
}

async function makeSources(dir: string): Promise<void> {
  await output(["sh", "-c", `head -c ${FILE_BYTES} /dev/urandom >${join(dir, "file")}`]);
  for (let directory = 0; directory < DIRECTORIES; directory++) {
    const path = join(dir, "tree", `d${directory}`);
    mkdirSync(path, { recursive: true });
    for (let file = 0; file < FILES_EACH; file++)
      writeFileSync(join(path, `f${file}`), `file ${file} of ${directory}\n`);
  }
}
