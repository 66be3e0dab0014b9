/** Containers with volumes, and volumes as wholes: what the first cost more than containers without, and how fast the others are. */
import type { Bench } from "./bench.ts";
import type { Field } from "./harness/contenders.ts";
import { measurePaired } from "./harness/paired.ts";
import { pairedReport, type Report } from "./harness/report.ts";

export const bench: Bench = {
  name: "volumes",
  run: async (field) => [
    await runWith(field, "-v /anonymous", "an anonymous volume"),
    await runWith(field, "-v bench-volume:/v", "a named volume"),
    await runWith(field, "-v /etc", "an anonymous volume that is filled"),
    await createAndRemove(field),
  ],
};

async function runWith({ all }: Field, flags: string, what: string): Promise<Report> {
  const contenders = Object.fromEntries(
    all.map(({ name, cli, shell }) => [name, () => shell.run(`${cli} run --rm --network none ${flags} busybox true`)]),
  );
  const measured = await measurePaired(contenders);
  for (const { cli, shell } of all) await shell.run(`${cli} volume rm -f bench-volume`);
  return pairedReport(`run --rm busybox true with ${what}, without a network`, measured);
}

async function createAndRemove({ all }: Field): Promise<Report> {
  const contenders = Object.fromEntries(
    all.map(({ name, cli, shell }) => [
      name,
      () => shell.run(`${cli} volume create bench-volume && ${cli} volume rm bench-volume`),
    ]),
  );
  return pairedReport("volume create and rm", await measurePaired(contenders));
}
