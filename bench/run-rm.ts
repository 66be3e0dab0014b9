/** `run --rm busybox true`, from the command line's start to its exit, with the default bridge and without a network. */
import type { Bench } from "./bench.ts";
import { bareBundle } from "./harness/bundle.ts";
import type { Field } from "./harness/contenders.ts";
import { type Contenders, measurePaired } from "./harness/paired.ts";
import { pairedReport, type Report } from "./harness/report.ts";
import { Shell } from "./harness/shell.ts";

export const bench: Bench = {
  name: "run-rm",
  run: async (field) => [await runAndRemove(field, "bridge"), await runAndRemove(field, "none")],
};

async function runAndRemove(field: Field, network: string): Promise<Report> {
  const contenders: Record<string, () => Promise<void>> = {};
  for (const { name, cli, shell } of field.all) {
    contenders[name] = () => shell.run(`${cli} run --rm --network ${network} busybox true`);
  }
  await using bundle = await bareBundle();
  const shell = new Shell();
  const withBare: Contenders = {
    ...contenders,
    "bare crun run": () => shell.run(`crun run -b ${bundle.dir} ${bundle.id}`),
  };
  const measured = await measurePaired(withBare);
  await shell.close();
  return pairedReport(`run --rm --network ${network} busybox true, command line to its exit`, measured);
}
