/** load, save and rmi of an image of more than a gigabyte and 50,000 files. Podman reads no files of this root and stays out. */
import { rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Bench } from "./bench.ts";
import type { Contender, Field } from "./harness/contenders.ts";
import { LARGE_IMAGE, largeImage } from "./harness/large-image.ts";
import { type Measured, summarize } from "./harness/paired.ts";
import { pairedReport, type Report } from "./harness/report.ts";

const ROUNDS = 5;
const ACTIONS = ["load", "save", "rmi"] as const;
type Action = (typeof ACTIONS)[number];

export const bench: Bench = { name: "archives", run: archives };

async function archives(field: Field): Promise<Report[]> {
  const { archive } = await largeImage();
  const contenders = [field.tare, field.docker].filter((one) => one !== undefined);
  const times = new Map<string, number[]>();
  for (let round = 0; round < ROUNDS; round++) {
    for (const contender of contenders) {
      for (const action of ACTIONS) {
        const key = `${action} ${contender.name}`;
        times.set(key, [...(times.get(key) ?? []), await timed(contender, commandOf(contender, action, archive))]);
      }
    }
  }
  rmSync(SAVED, { force: true });
  return ACTIONS.map((action) => pairedReport(`${action} of ${LARGE_IMAGE}`, summary(action, contenders, times)));
}

const SAVED = join(tmpdir(), "tare-bench-saved.tar");

function commandOf({ cli }: Contender, action: Action, archive: string): string {
  if (action === "load") return `${cli} load -q -i ${archive}`;
  return action === "save" ? `${cli} save -o ${SAVED} ${LARGE_IMAGE}` : `${cli} rmi ${LARGE_IMAGE}`;
}

/** What an earlier action has left to be written is written first. */
async function timed({ shell }: Contender, command: string): Promise<number> {
  await shell.run("sync");
  const started = performance.now();
  await shell.run(command);
  return performance.now() - started;
}

function summary(action: Action, contenders: readonly Contender[], times: ReadonlyMap<string, number[]>): Measured[] {
  const of = ({ name }: Contender): number[] => times.get(`${action} ${name}`) ?? [];
  const [first] = contenders;
  const reference = first === undefined ? [] : of(first);
  return contenders.map((contender) => summarize(contender.name, of(contender), reference));
}
