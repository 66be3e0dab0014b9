/**
 * Runs the test groups named as arguments (all of them without) and ends with `N passed, N failed` alone on a line.
 * A skipped test, a test file that does not load and a group that tested nothing count as failed.
 * Files with failed tests run a second time, alone: tests beside each other share two cores, the kernel's tables and the
 * disk. What fails twice has failed; what passes then is told as unsteady. Both are told at the end, where whoever has
 * only the end of a long log looks.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Failure, failuresIn, runningIn } from "./failures.ts";

interface Tally {
  readonly passed: number;
  readonly failed: number;
}

interface Outcome extends Tally {
  readonly failures: readonly Failure[];
  /** Failed once, and passed alone. */
  readonly unsteady: readonly Failure[];
}

/** What `bun test` runs, and how. */
interface Suite {
  readonly paths: readonly string[];
  readonly flags: readonly string[];
}

/** Bun ends what a test has started, its file's engine too, when the test takes longer: what a test waits for says so well before. */
const TIMEOUT = "--timeout=180000";
const ENGINE_FLAGS = [TIMEOUT, "--parallel=2"];
const SUITES: Readonly<Record<string, Suite>> = {
  unit: { paths: ["./src", "./scripts", "./bench"], flags: [TIMEOUT, "--randomize"] },
  native: { paths: ["./native"], flags: [TIMEOUT] },
  integration: { paths: ["./test/integration"], flags: ENGINE_FLAGS },
  compat: { paths: ["./test/compat"], flags: ENGINE_FLAGS },
  security: { paths: ["./test/security"], flags: ENGINE_FLAGS },
};

/** Each counts as one test. */
const CHECKS: Readonly<Record<string, readonly string[]>> = {
  format: ["npm", "run", "-s", "format:check"],
  types: ["npm", "run", "-s", "types"],
  lint: ["npm", "run", "-s", "lint"],
  "dead code": ["npm", "run", "-s", "dead"],
};

/** Lines of one failure that are told again at the end. */
const TOLD_LINES = 40;
/** Failures in more files than these are no accident, and are not run again. */
const MOST_FILES = 3;
/** Without a word of a command. No test may take half as long. */
const MOST_SILENT_MINUTES = 10;
/** From the request to end, at which Bun says what still runs, to the end by force. */
const GRACE_MS = 10_000;

async function runChecks(): Promise<Outcome> {
  const tally = { passed: 0, failed: 0 };
  const failures: Failure[] = [];
  for (const [name, command] of Object.entries(CHECKS)) {
    const { exitCode, output } = await run(command);
    tally[exitCode === 0 ? "passed" : "failed"]++;
    if (exitCode !== 0) failures.push({ file: command.join(" "), name, said: output.trim() });
    console.log(`${exitCode === 0 ? "(pass)" : "(fail)"} ${name}`);
  }
  return { ...tally, failures, unsteady: [] };
}

interface Run {
  /** null of a command that was ended. */
  readonly exitCode: number | null;
  readonly output: string;
}

/** Shows what the command prints as it comes, and returns it. A command that falls silent is ended, and has failed. */
async function run(command: readonly string[]): Promise<Run> {
  const child = Bun.spawn([...command], { stdio: ["ignore", "pipe", "pipe"] });
  const [stdout, stderr] = [child.stdout.getReader(), child.stderr.getReader()];
  let isEnded = false;
  const end = async (): Promise<void> => {
    isEnded = true;
    console.error(`\n== ended, as it said nothing for ${MOST_SILENT_MINUTES} minutes: ${command.join(" ")}`);
    child.kill("SIGTERM");
    await Promise.race([child.exited, Bun.sleep(GRACE_MS)]);
    child.kill("SIGKILL");
    // What it started may hold these open for longer.
    await Promise.all([stdout.cancel(), stderr.cancel()]);
    child.unref();
  };
  const limit = setTimeout(() => void end(), MOST_SILENT_MINUTES * 60_000);
  let output = "";
  const follow = async (from: typeof stdout, to: NodeJS.WritableStream): Promise<void> => {
    const decoder = new TextDecoder();
    for (let part = await from.read(); !part.done; part = await from.read()) {
      if (!isEnded) limit.refresh();
      output += decoder.decode(part.value, { stream: true });
      to.write(part.value);
    }
  };
  await Promise.all([follow(stdout, process.stdout), follow(stderr, process.stderr)]);
  const exitCode = await child.exited;
  clearTimeout(limit);
  return { exitCode: isEnded ? null : exitCode, output };
}

async function runSuite(suite: Suite): Promise<Outcome> {
  const { failures, isWhole, ...tally } = await runTests(suite.paths, suite.flags);
  const files = [...new Set(failures.map(({ file }) => `./${file}`))];
  if (!isWhole || files.length === 0 || files.length > MOST_FILES || failures.length !== tally.failed) {
    return { ...tally, failures, unsteady: [] };
  }
  console.log(`\n== once more, alone: ${files.join(" ")}`);
  const second = await runTests(
    files,
    suite.flags.filter((flag) => !flag.startsWith("--parallel")),
  );
  if (second.failed > 0) return { ...tally, failures: [...failures, ...second.failures], unsteady: [] };
  return { passed: tally.passed + tally.failed, failed: 0, failures: [], unsteady: failures };
}

interface TestRun extends Tally {
  readonly failures: readonly Failure[];
  /** Every file has had its turn. */
  readonly isWhole: boolean;
}

async function runTests(paths: readonly string[], flags: readonly string[]): Promise<TestRun> {
  const dir = mkdtempSync(join(tmpdir(), "tare-junit-"));
  const report = join(dir, "report.xml");
  const command = ["test", ...flags, "--reporter=junit", `--reporter-outfile=${report}`, ...paths];
  const { exitCode, output } = await run([process.execPath, ...command]);
  const file = Bun.file(report);
  const xml = (await file.exists()) ? await file.text() : "";
  rmSync(dir, { recursive: true });
  const isWhole = exitCode !== null;
  const hung = isWhole
    ? []
    : runningIn(output).map((name) => ({ file: name, name: "ran when the group was ended", said: "" }));
  return { ...tallyOf(xml, exitCode), failures: [...failuresIn(output), ...hung], isWhole };
}

/** Reads the totals of a JUnit report; what the report cannot say (a file that threw while loading) the exit code does. */
function tallyOf(xml: string, exitCode: number | null): Tally {
  const totals = /<testsuites [^>]*>/.exec(xml)?.[0] ?? "";
  const count = (name: string): number => Number(new RegExp(` ${name}="(\\d+)"`).exec(totals)?.[1] ?? 0);
  const unpassed = count("failures") + count("skipped");
  const passed = count("tests") - unpassed;
  const unseen = unpassed === 0 && (exitCode !== 0 || passed === 0) ? 1 : 0;
  return { passed, failed: unpassed + unseen };
}

const tell = (word: string, { file, name, said }: Failure): string =>
  `\n== ${word}: ${file}: ${name}\n${said.split("\n").slice(-TOLD_LINES).join("\n")}`;

async function main(names: readonly string[]): Promise<number> {
  const all = ["checks", ...Object.keys(SUITES)];
  const unknown = names.filter((name) => !all.includes(name));
  if (unknown.length > 0) {
    console.error(`unknown test group: ${unknown.join(", ")} (there are ${all.join(", ")})`);
    return 2;
  }
  const total = { passed: 0, failed: 0 };
  const told: string[] = [];
  for (const name of names.length > 0 ? names : all) {
    console.log(`\n== ${name}`);
    const suite = SUITES[name];
    const started = performance.now();
    const outcome = suite === undefined ? await runChecks() : await runSuite(suite);
    const seconds = ((performance.now() - started) / 1000).toFixed(1);
    console.log(`== ${name}: ${outcome.passed} passed, ${outcome.failed} failed, ${seconds} s`);
    total.passed += outcome.passed;
    total.failed += outcome.failed;
    told.push(...outcome.unsteady.map((failure) => tell("unsteady", failure)));
    told.push(...outcome.failures.map((failure) => tell("failed", failure)));
  }
  for (const text of told) console.log(text);
  console.log(`\n${total.passed} passed, ${total.failed} failed`);
  return total.failed === 0 ? 0 : 1;
}

process.exitCode = await main(process.argv.slice(2));
