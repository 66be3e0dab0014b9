/**
 * The engine dies at every kind of step of what builds do. The next one has whole images or none, a cache that is true, a history that can
 * be read, and nothing beside them; the same build again is the image of a build that nobody disturbed.
 */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { BuildCommand, lines } from "../harness/build-command.ts";
import { type Stores, solve, type Wish } from "../harness/buildkit-client.ts";
import { type ContextFiles, classicBuild } from "../harness/classic-build.ts";
import { TestEngine } from "../harness/engine.ts";
import { eventually } from "../harness/eventually.ts";
import { ensureBusybox } from "../harness/images.ts";
import { DockerRegistry } from "../harness/registry.ts";
import { added } from "../harness/residue.ts";
import { killAtCall } from "../harness/syscall-kill.ts";

/** Enough for every action; reaching it means that the action never got through. */
const MOST_CALLS = 3000;
/** How far apart deaths are: 1 is everywhere, for a long run by hand. */
const EVERY = Number(process.env.TARE_KILL_EVERY ?? 40);
const nextCall = (nth: number): number => nth + Math.max(1, Math.round((nth * EVERY) / 20));

const FILES: ContextFiles = {
  Dockerfile: lines(
    "FROM busybox AS tools",
    "RUN --network=none mkdir /t && seq 2000 > /t/numbers",
    "FROM busybox",
    "COPY a b /dir/",
    "RUN --network=none --mount=type=cache,target=/c cat /dir/a /dir/b > /made && ln /made /again",
    "COPY --from=tools /t /t",
  ),
  a: "A\n",
  b: "B\n",
};
const MADE = "A\nB";
const ID_STEPS = 4;

let engine: TestEngine;
let registry: DockerRegistry;
let command: BuildCommand;
let idle: readonly string[] = [];
/** The digest of the image that an undisturbed build makes. */
let undisturbed: string;

/** At one time, so that the same files are the same image. */
const AT_ONE_TIME = { "build-arg:SOURCE_DATE_EPOCH": "1000000000" };
const rewritten = (attrs: Record<string, string> = {}) => ({ "rewrite-timestamp": "true", ...attrs });

async function digestOf(wish: Wish = {}): Promise<string> {
  const exporters = [{ type: "oci", attrs: rewritten() }];
  const { answers } = await solve(engine, FILES, { exporters, options: AT_ONE_TIME, ...wish });
  return answers.get("containerimage.digest") ?? "";
}

beforeAll(async () => {
  engine = await TestEngine.start();
  registry = await DockerRegistry.start();
  command = new BuildCommand(engine);
  await ensureBusybox(engine.dockerEnv());
  undisturbed = await digestOf();
  expect(undisturbed).toStartWith("sha256:");
  await forgetAll();
  await engine.restart();
  idle = engine.residue().filter(isLasting);
});
afterAll(async () => {
  await registry[Symbol.asyncDispose]();
  await engine[Symbol.asyncDispose]();
});

interface Action {
  readonly name: string;
  prepare?(): Promise<unknown>;
  /** What the client does; it may fail when the engine dies under it. */
  act(): Promise<unknown>;
  /** What must hold afterwards, whether or not the engine died. */
  verify?(): Promise<void>;
}

const build = (query: Record<string, string> = {}): ReturnType<typeof classicBuild> =>
  classicBuild(engine, FILES, { t: "killed:1", ...query });

let context: string;
let round = 0;

const ACTIONS: readonly Action[] = [
  { name: "a build into the store", act: () => build() },
  {
    name: "a build of the client's own directory",
    prepare: async () => {
      context ??= command.context({ Dockerfile: lines("FROM busybox", "COPY . /all/"), "sub/gone": "x" });
      // What the engine has a copy of is not what the client has now.
      round++;
      writeFileSync(join(context, "round"), `${round}\n`);
      for (let at = 0; at < 40; at++) writeFileSync(join(context, "sub", `file-${(round * 7 + at) % 50}`), `${round}`);
    },
    act: () => command.run(context, ["-t", "killed:1", "."]),
    verify: async () => {
      await command.succeed(context, ["-q", "-t", "killed:2", "."]);
      const said = await engine.dockerOutput("run", "--rm", "killed:2", "sh", "-c", "cat /all/round; ls /all/sub");
      expect(said.split("\n")).toEqual([`${round}`, ...readdirSync(join(context, "sub")).sort()]);
      await engine.dockerOutput("rmi", "killed:2");
    },
  },
  {
    name: "an export to a registry and to the client, with a cache",
    act: () =>
      solve(engine, FILES, {
        options: AT_ONE_TIME,
        exporters: [
          { type: "image", attrs: rewritten({ name: `${registry.host}/killed:1`, push: "true" }) },
          { type: "tar", attrs: {} },
        ],
        cacheTo: [{ type: "registry", attrs: { ref: `${registry.host}/killed:cache`, mode: "max" } }],
      }),
    verify: async () => {
      const cacheFrom = [{ Type: "registry", Attrs: { ref: `${registry.host}/killed:cache` } }];
      expect(await digestOf({ cacheFrom })).toBe(undisturbed);
    },
  },
  {
    name: "an export into a store of the client's",
    act: () =>
      solve(engine, FILES, {
        exporters: [{ type: "oci", attrs: { tar: "false" } }],
        stores: new Map() as Stores,
        cacheTo: [{ type: "local", attrs: { dest: "there", mode: "max" } }],
      }),
  },
  {
    name: "a prune of the cache",
    prepare: async () => {
      await build();
      await command.succeed(context, ["-q", "."]);
    },
    act: () => engine.docker("builder", "prune", "-af"),
    verify: async () => {
      const { stdout } = await command.succeed(context, ["-q", "."]);
      const listed = await engine.dockerOutput("run", "--rm", stdout.trim(), "ls", "/all/sub");
      expect(listed.split("\n")).toEqual(readdirSync(join(context, "sub")).sort());
    },
  },
];

/** Also what the engine does when a build has ended: it stays busy for a moment. A dead engine has its connections open while it is traced. */
async function disturbed(action: Action, kill: () => Promise<() => Promise<void>>): Promise<boolean> {
  await action.prepare?.();
  const release = await kill();
  let isOver = false;
  const acting = action.act().then(
    () => true,
    () => false,
  );
  void acting.then(() => {
    isOver = true;
  });
  await eventually(async () => isOver || isGone(engine.pid));
  await release();
  const isDone = await acting;
  const alive = (await engine.docker("version")).exitCode === 0;
  if (!alive || engine.isDead) {
    await engine.died;
    await engine.begin();
  }
  // One that has only lost a child ends the build by and by.
  if (alive) await eventually(async () => stepsLeft().length === 0);
  expect(stepsLeft()).toEqual([]);
  expect(added(idle, engine.residue().filter(isLasting))).toEqual([]);
  await expectWhole();
  await action.verify?.();
  await forgetAll();
  await expectTidy();
  return alive && isDone;
}

test.each(ACTIONS)(
  "an engine killed at any step of $name leaves nothing half done",
  async (action) => {
    let deaths = 0;
    for (let nth = 1; ; nth = nextCall(nth)) {
      expect(nth).toBeLessThan(MOST_CALLS);
      if (await disturbed(action, () => killAtCall(engine.pid, nth))) break;
      deaths += 1;
    }
    expect(deaths).toBeGreaterThan(3);
  },
  600_000,
);

/** What is finished is found again; the whole is what it would have been; what is told of it can be read. */
async function expectWhole(): Promise<void> {
  await engine.tareOutput("image", "verify");
  const known = await cachedSteps();
  const { output, error, imageId } = await build({ t: "killed:3" });
  expect(error).toBe("");
  expect(output.match(/Using cache/g)?.length ?? 0).toBeGreaterThanOrEqual(known);
  expect(await engine.dockerOutput("run", "--rm", imageId, "cat", "/made", "/again")).toBe(`${MADE}\n${MADE}`);
  expect(await digestOf()).toBe(undisturbed);
  await engine.tareOutput("image", "verify");
  const refs = (await engine.tareOutput("builder", "history", "ls", "-q")).split("\n").filter(Boolean);
  for (const ref of refs.slice(0, 3)) await engine.tareOutput("builder", "history", "inspect", ref);
  await engine.tareOutput("builder", "history", "logs");
}

/** Of FILES, that the cache has after the start: there are no others with these names. */
async function cachedSteps(): Promise<number> {
  const answer = await fetch("http://docker/v1.47/system/df?type=build-cache", { unix: engine.socketPath });
  const { BuildCache } = (await answer.json()) as { BuildCache: { Type: string; Description: string }[] | null };
  const steps = (BuildCache ?? []).filter(({ Description }) => /COPY (?:a b|--from)|RUN --network/.test(Description));
  expect(steps.length).toBeLessThanOrEqual(ID_STEPS);
  return steps.length;
}

async function forgetAll(): Promise<void> {
  const names = (await engine.dockerOutput("images", "-q", "--filter", "reference=*killed*")).split("\n");
  const tags = (await engine.dockerOutput("images", "--format", "{{.ID}} {{.Repository}}")).split("\n");
  const ids = tags.filter((line) => line !== "" && !line.endsWith(" busybox")).map((line) => line.split(" ")[0] ?? "");
  const all = [...new Set([...names.filter(Boolean), ...ids])];
  if (all.length > 0) await engine.dockerOutput("rmi", "-f", ...all);
  await engine.dockerOutput("builder", "prune", "-af");
}

/** Nothing lies about that no image and no cache knows. */
async function expectTidy(): Promise<void> {
  const format = "{{range .RootFS.Layers}}{{println .}}{{end}}";
  const layers = (await engine.dockerOutput("image", "inspect", "-f", format, "busybox")).split("\n").filter(Boolean);
  const known = layers.map((diffId) => diffId.slice("sha256:".length));
  expect(readdirSync(join(engine.root, "images/layers")).sort()).toEqual(known.sort());
  expect(readdirSync(join(engine.root, "images/tmp"))).toEqual([]);
  for (const name of ["layers", "contexts", "remote", "caches"]) {
    expect([name, ...readdirSync(join(engine.root, "build", name))]).toEqual([name]);
  }
}

/** Also when nobody has looked after it yet. */
function isGone(pid: number): boolean {
  try {
    return /^State:\s+[ZX]/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    return true;
  }
}

function stepsLeft(): string[] {
  const dir = join(engine.run, "build");
  return existsSync(dir) ? readdirSync(dir) : [];
}

/** The engine itself, its helpers and its warm pool come and go. */
function isLasting(line: string): boolean {
  return !/^link (tare|veth)/.test(line) && !/^process \d+ (bun|tare-relay|tare-resolver|tare-opener)/.test(line);
}
