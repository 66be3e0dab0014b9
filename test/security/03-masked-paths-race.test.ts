/**
 * SECURITY row 3, the race for masked paths (CVE-2025-31133): a runtime that covers /proc/kcore with the container's own /dev/null can be
 * made to cover it with a link's target instead, which is then writable. Two containers share /dev; one swaps, the other is started.
 */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { TestEngine } from "../harness/engine.ts";
import type { Result } from "../harness/process.ts";
import { makeImage } from "./hostile-image.ts";

const CORE_PATTERN = "/proc/sys/kernel/core_pattern";
const RUNS = 40;
const SWAPPER = `mknod /shared/null c 1 3 && ln -s ${CORE_PATTERN} /shared/link && exec /swap /shared/null /shared/link`;
/** Writes to everything that is masked, and tells what could be read there. */
const PROBE = "for f in kcore keys timer_list interrupts; do echo '|/evil' >/proc/$f; cat /proc/$f; done 2>/dev/null";

let engine: TestEngine;
let shared: string;
const original = readFileSync(CORE_PATTERN);

beforeAll(async () => {
  engine = await TestEngine.start();
  await makeImage(engine, { name: "masked", exploits: { "/swap": "swap" } });
  shared = join(engine.dir, "shared");
  mkdirSync(shared);
  await engine.dockerOutput("run", "-d", "-v", `${shared}:/shared`, "masked", "sh", "-c", SWAPPER);
});
afterAll(async () => {
  await engine[Symbol.asyncDispose]();
});

test("masked files are empty and take no writes", async () => {
  expect(await engine.dockerOutput("run", "--rm", "masked", "sh", "-c", PROBE)).toBe("");
});

test.each(["crun", "runc"])(
  `under %s a /dev/null that is swapped during ${RUNS} starts never unmasks or redirects anything`,
  async (runtime) => {
    const flags = ["--rm", "--runtime", runtime, "-v", `${shared}:/dev`];
    const attempts: Result[] = [];
    try {
      for (let at = 0; at < RUNS; at++) {
        const attempt = await engine.docker("run", ...flags, "masked", "sh", "-c", `${PROBE}; echo ran`);
        attempts.push(attempt);
        expect(["ran\n", ""]).toContain(attempt.stdout);
        expect(readFileSync(CORE_PATTERN, "utf8")).toBe(original.toString());
      }
    } finally {
      if (!readFileSync(CORE_PATTERN).equals(original)) writeFileSync(CORE_PATTERN, original);
    }
    // A runc that could be fooled is not given the chance.
    const told = attempts.filter(({ stdout, stderr }) => stdout === "ran\n" || stderr.includes("(CVE-2025-31133)"));
    expect(told.length).toBeGreaterThan(0);
  },
  60_000,
);
