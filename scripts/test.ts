/**
 * Runs the test groups named as arguments (all of them without) and ends with `N passed, N failed` alone on a line.
 * A skipped test, a test file that does not load and a group that tested nothing count as failed.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

interface Tally {
  readonly passed: number;
  readonly failed: number;
}

/** What `bun test` runs, and how. */
interface Suite {
  readonly paths: readonly string[];
  readonly flags: readonly string[];
}

const ENGINE_FLAGS = ["--timeout=60000", "--parallel=2"];
const SUITES: Readonly<Record<string, Suite>> = {
  unit: { paths: ["./src", "./scripts", "./bench"], flags: ["--randomize"] },
  native: { paths: ["./native"], flags: ["--timeout=60000"] },
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

async function runChecks(): Promise<Tally> {
  const tally = { passed: 0, failed: 0 };
  for (const [name, command] of Object.entries(CHECKS)) {
    const exitCode = await Bun.spawn([...command], { stdio: ["ignore", "inherit", "inherit"] }).exited;
    tally[exitCode === 0 ? "passed" : "failed"]++;
    console.log(`${exitCode === 0 ? "(pass)" : "(fail)"} ${name}`);
  }
  return tally;
}

async function runSuite(suite: Suite): Promise<Tally> {
  const dir = mkdtempSync(join(tmpdir(), "tare-junit-"));
  const report = join(dir, "report.xml");
  const command = ["test", ...suite.flags, "--reporter=junit", `--reporter-outfile=${report}`, ...suite.paths];
  const exitCode = await Bun.spawn([process.execPath, ...command], { stdio: ["ignore", "inherit", "inherit"] }).exited;
  const file = Bun.file(report);
  const xml = (await file.exists()) ? await file.text() : "";
  rmSync(dir, { recursive: true });
  return tallyOf(xml, exitCode);
}

/** Reads the totals of a JUnit report; what the report cannot say (a file that threw while loading) the exit code does. */
function tallyOf(xml: string, exitCode: number): Tally {
  const totals = /<testsuites [^>]*>/.exec(xml)?.[0] ?? "";
  const count = (name: string): number => Number(new RegExp(` ${name}="(\\d+)"`).exec(totals)?.[1] ?? 0);
  const unpassed = count("failures") + count("skipped");
  const passed = count("tests") - unpassed;
  const unseen = unpassed === 0 && (exitCode !== 0 || passed === 0) ? 1 : 0;
  return { passed, failed: unpassed + unseen };
}

async function main(names: readonly string[]): Promise<number> {
  const all = ["checks", ...Object.keys(SUITES)];
  const unknown = names.filter((name) => !all.includes(name));
  if (unknown.length > 0) {
    console.error(`unknown test group: ${unknown.join(", ")} (there are ${all.join(", ")})`);
    return 2;
  }
  const total = { passed: 0, failed: 0 };
  for (const name of names.length > 0 ? names : all) {
    console.log(`\n== ${name}`);
    const suite = SUITES[name];
    const started = performance.now();
    const { passed, failed } = suite === undefined ? await runChecks() : await runSuite(suite);
    const seconds = ((performance.now() - started) / 1000).toFixed(1);
    console.log(`== ${name}: ${passed} passed, ${failed} failed, ${seconds} s`);
    total.passed += passed;
    total.failed += failed;
  }
  console.log(`\n${total.passed} passed, ${total.failed} failed`);
  return total.failed === 0 ? 0 : 1;
}

process.exitCode = await main(process.argv.slice(2));
