/** Builds end as BuildKit's do: the same files, configuration, history, output, errors, and the same steps cached. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { COMPARED_IMAGE, peerSocket } from "../harness/compare.ts";
import { TestEngine } from "../harness/engine.ts";
import { ensureBusybox } from "../harness/images.ts";
import { CACHE_CASES } from "./builds/cache-cases.ts";
import type { BuildCase } from "./builds/case.ts";
import { COPY_CASES } from "./builds/copy-cases.ts";
import { ERROR_CASES } from "./builds/error-cases.ts";
import { INSTRUCTION_CASES } from "./builds/instruction-cases.ts";
import { BuildPeer, type Outcome } from "./builds/run-build.ts";
import { RUN_CASES } from "./builds/run-cases.ts";

const CASES: readonly BuildCase[] = [...INSTRUCTION_CASES, ...RUN_CASES, ...COPY_CASES, ...ERROR_CASES, ...CACHE_CASES];
const RECORDINGS = join(import.meta.dir, "recorded/builds.json");

type Recordings = Record<string, Outcome>;

const recorded: Recordings = existsSync(RECORDINGS) ? (JSON.parse(readFileSync(RECORDINGS, "utf8")) as Recordings) : {};
let engine: TestEngine;
let ours: BuildPeer;

beforeAll(async () => {
  engine = await TestEngine.start();
  await ensureBusybox(engine.dockerEnv(), COMPARED_IMAGE);
  ours = new BuildPeer(engine.socketPath, COMPARED_IMAGE);
  if (peerSocket !== undefined) await record(new BuildPeer(peerSocket, COMPARED_IMAGE));
});
afterAll(() => engine[Symbol.asyncDispose]());

/** Where there is a Docker it is asked anew. */
async function record(peer: BuildPeer): Promise<void> {
  await peer.forgetBuilds();
  for (const each of CASES) recorded[each.name] = await peer.run(each);
  if (process.env.TARE_RECORD !== "1") return;
  mkdirSync(join(RECORDINGS, ".."), { recursive: true });
  const sorted = Object.fromEntries(CASES.map(({ name }) => [name, recorded[name] ?? {}]));
  writeFileSync(RECORDINGS, `${JSON.stringify(sorted, null, 1)}\n`);
}

test("no two cases have one name", () => {
  expect(new Set(CASES.map(({ name }) => name)).size).toBe(CASES.length);
});

test.each(CASES.map((each) => [each.name, each] as const))("a build ends as with BuildKit: %s", async (name, each) => {
  const expected = recorded[name];
  if (expected === undefined) throw new Error(`${name} is not recorded: use TARE_PEER_DOCKER and TARE_RECORD=1`);
  expect(await ours.run(each)).toEqual(expected);
});
