/** The engine dies at every kind of step of what is done to images; the next one finds whole images or none, and nothing beside them. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { TestEngine } from "../harness/engine.ts";
import { ensureBusybox } from "../harness/images.ts";
import { killAtCall } from "../harness/syscall-kill.ts";

/** Enough for every action; reaching it means that the action never got through. */
const MOST_CALLS = 600;
const nextCall = (nth: number): number => nth + (nth < 4 ? 1 : nth < 40 ? 4 : 20);

interface Action {
  readonly name: string;
  /** The client's command; it may fail when the engine dies under it. */
  readonly command: () => readonly string[];
  /** What must hold afterwards, whether or not the engine died; then the state is as it was before. */
  verify(): Promise<void>;
}

let engine: TestEngine;
let dir: string;
let archive: string;

const imageExists = async (name: string): Promise<boolean> =>
  (await engine.docker("image", "inspect", name)).exitCode === 0;

const ACTIONS: readonly Action[] = [
  {
    name: "load",
    command: () => ["load", "-i", archive],
    verify: async () => {
      if (!(await imageExists("saved:1"))) await engine.dockerOutput("load", "-i", archive);
      expect(await engine.dockerOutput("run", "--rm", "saved:1", "cat", "/made")).toBe("made");
      await engine.dockerOutput("rmi", "-f", "saved:1");
    },
  },
  {
    name: "commit",
    command: () => ["commit", "runs", "committed:1"],
    verify: async () => {
      // It was kept still meanwhile: it must go on.
      expect(await engine.dockerOutput("exec", "runs", "echo", "alive")).toBe("alive");
      if (!(await imageExists("committed:1"))) await engine.dockerOutput("commit", "runs", "committed:1");
      expect(await engine.dockerOutput("run", "--rm", "committed:1", "cat", "/made")).toBe("made");
      await engine.dockerOutput("rmi", "-f", "committed:1");
    },
  },
  {
    name: "remove",
    command: () => ["rmi", "other:1"],
    verify: async () => {
      if (await imageExists("other:1")) {
        expect(await engine.dockerOutput("run", "--rm", "other:1", "cat", "/made")).toBe("made");
      } else await engine.dockerOutput("load", "-q", "-i", join(dir, "other.tar"));
    },
  },
];

beforeAll(async () => {
  engine = await TestEngine.start();
  dir = mkdtempSync("/var/tmp/tare-kill-images-");
  archive = join(dir, "saved.tar");
  await ensureBusybox(engine.dockerEnv());
  await engine.dockerOutput("run", "-d", "--name", "runs", "busybox", "sh", "-c", "echo made >/made; sleep 1000");
  await engine.dockerOutput("exec", "runs", "sh", "-c", "until test -s /made; do sleep 0.01; done");
  await engine.dockerOutput("commit", "runs", "saved:1");
  await engine.dockerOutput("save", "-o", archive, "saved:1");
  await engine.dockerOutput("rmi", "saved:1");
  await engine.dockerOutput("exec", "runs", "sh", "-c", "echo other >/other");
  await engine.dockerOutput("commit", "runs", "other:1");
  await engine.dockerOutput("save", "-o", join(dir, "other.tar"), "other:1");
});
afterAll(async () => {
  await engine[Symbol.asyncDispose]();
  rmSync(dir, { recursive: true });
});

test.each(ACTIONS)(
  "an engine killed at any step of $name leaves whole images and nothing else",
  async (action) => {
    let deaths = 0;
    for (let nth = 1; ; nth = nextCall(nth)) {
      expect(nth).toBeLessThan(MOST_CALLS);
      const release = await killAtCall(engine.pid, nth);
      await engine.docker(...action.command());
      await release();
      const alive = (await engine.docker("version")).exitCode === 0;
      if (!alive) {
        deaths += 1;
        await engine.died;
        await engine.begin();
      }
      await action.verify();
      await expectTidy();
      if (alive) break;
    }
    expect(deaths).toBeGreaterThan(3);
  },
  300_000,
);

/** Every stored layer is some image's, and nothing half done lies about. */
async function expectTidy(): Promise<void> {
  const ids = (await engine.dockerOutput("images", "-aq")).split("\n");
  const format = "{{range .RootFS.Layers}}{{println .}}{{end}}";
  const layers = (await engine.dockerOutput("image", "inspect", "-f", format, ...new Set(ids))).split("\n");
  const known = new Set(layers.filter(Boolean).map((diffId) => diffId.slice("sha256:".length)));
  expect(readdirSync(join(engine.root, "images/layers")).sort()).toEqual([...known].sort());
  expect(readdirSync(join(engine.root, "images/tmp"))).toEqual([]);
}
