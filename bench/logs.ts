/** A container that writes as fast as it can: into its log, through `logs -f` and through `attach`. */
import type { Bench } from "./bench.ts";
import type { Contender } from "./harness/contenders.ts";
import type { Report } from "./harness/report.ts";

const CHUNK_MEGABYTES = 8;
const CHUNKS = 64;
const MEGABYTES = CHUNK_MEGABYTES * CHUNKS;
const BYTES = MEGABYTES * 1024 * 1024;
const LINE = "x".repeat(119);
/** Lines of 120 bytes, made once and then written in large blocks: making them is slower than any engine. */
const WRITER = `sh -c 'yes ${LINE} | head -c ${CHUNK_MEGABYTES}m >/dev/shm/lines; for i in $(seq ${CHUNKS}); do cat /dev/shm/lines; done'`;
const WHOLE = "--log-opt max-size=1g";
const NAME = "tare-bench-logs";

/** Command lines in which `@` stands for the engine's own command. */
const WAYS: Readonly<Record<string, string>> = {
  "to the log": `@ run -d --name ${NAME} ${WHOLE} busybox ${WRITER} && test "$(@ wait ${NAME})" = 0`,
  "through logs -f": `@ run -d --name ${NAME} ${WHOLE} busybox ${WRITER} && @ logs -f ${NAME} | wc -c | grep -q ${BYTES}`,
  "through attach": `@ run --name ${NAME} ${WHOLE} busybox ${WRITER} | wc -c | grep -q ${BYTES}`,
};

export const bench: Bench = {
  name: "logs",
  async run({ tare, docker }) {
    const rows: (string | number)[][] = [];
    for (const [way, commands] of Object.entries(WAYS)) {
      const ours = await megabytesPerSecond(tare, commands);
      const theirs = docker === undefined ? undefined : await megabytesPerSecond(docker, commands);
      rows.push([way, ours, ...(theirs === undefined ? ["", ""] : [theirs, ours / theirs])]);
    }
    const report: Report = {
      title: `${MEGABYTES} MB of lines from one container, MB/s`,
      columns: ["", "tare", "docker", "ratio"],
      rows,
    };
    return [report];
  },
};

/** The better of two, since the first may find cold caches. */
async function megabytesPerSecond({ cli, shell }: Contender, commands: string): Promise<number> {
  const rates: number[] = [];
  for (let round = 0; round < 2; round++) {
    const started = performance.now();
    await shell.run(commands.replaceAll("@ ", `${cli} `));
    rates.push(MEGABYTES / ((performance.now() - started) / 1000));
    await shell.run(`${cli} rm -f ${NAME}`);
  }
  return Math.max(...rates);
}
