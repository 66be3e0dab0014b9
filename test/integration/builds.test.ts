/** Builds as a whole engine carries them out: work is done once, what is cut off leaves nothing, and what was built is there again. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { type ContextFiles, classicBuild, contextTar } from "../harness/classic-build.ts";
import { TestEngine } from "../harness/engine.ts";
import { eventually } from "../harness/eventually.ts";
import { ensureBusybox } from "../harness/images.ts";

let engine: TestEngine;
beforeAll(async () => {
  engine = await TestEngine.start();
  await ensureBusybox(engine.dockerEnv());
});
afterAll(() => engine[Symbol.asyncDispose]());

const BASE = "FROM busybox\n";
const dockerfile = (...lines: readonly string[]): ContextFiles => ({ Dockerfile: `${BASE}${lines.join("\n")}\n` });

test("the docker client builds, runs and rebuilds from the cache", async () => {
  const files = {
    ...dockerfile("COPY words /words", "RUN cat /words > /said", 'CMD ["cat", "/said"]'),
    words: "hello\n",
  };
  const first = await classicBuild(engine, files, { t: "built:one" });
  expect(first.error).toBe("");
  expect(await engine.dockerOutput("run", "--rm", "built:one")).toBe("hello");
  const second = await classicBuild(engine, files, { t: "built:two" });
  expect(second.output.match(/Using cache/g)).toHaveLength(3);
  expect(second.imageId).toBe(first.imageId);
});

test("ten builds of one file at once do its work once", async () => {
  const files = dockerfile("RUN --mount=type=cache,id=once,target=/c echo run >> /c/runs; sleep 1");
  const answers = await Promise.all(Array.from({ length: 10 }, () => classicBuild(engine, files)));
  expect(new Set(answers.map(({ imageId }) => imageId)).size).toBe(1);
  const { output } = await classicBuild(
    engine,
    dockerfile("RUN --mount=type=cache,id=once,target=/c echo runs=$(wc -l < /c/runs)"),
  );
  expect(output).toContain("runs=1");
});

test("a linked copy stays cached on another base", async () => {
  const on = (base: string): ContextFiles => ({
    ...dockerfile(`RUN echo ${base} > /base`, "COPY --link a /linked"),
    a: "A\n",
  });
  await classicBuild(engine, on("one"));
  const { output, imageId } = await classicBuild(engine, on("two"));
  expect(output).toMatch(/COPY --link a \/linked\n ---> Using cache/);
  expect(await engine.dockerOutput("run", "--rm", imageId, "cat", "/base", "/linked")).toBe("two\nA");
});

test("stages that nothing needs are not built, and independent ones run side by side", async () => {
  const file = [
    "FROM busybox AS never",
    "RUN false",
    "FROM busybox AS a",
    "RUN --mount=type=cache,id=meet,target=/m touch /m/a; until [ -e /m/b ]; do sleep 0.05; done; touch /a",
    "FROM busybox AS b",
    "RUN --mount=type=cache,id=meet,target=/m touch /m/b; until [ -e /m/a ]; do sleep 0.05; done; touch /b",
    "FROM busybox",
    "COPY --from=a /a /a",
    "COPY --from=b /b /b",
  ];
  expect((await classicBuild(engine, { Dockerfile: `${file.join("\n")}\n` })).error).toBe("");
});

/** Whether a process of a build runs under the engine. */
const stepsRun = (): boolean => readdirSync(join(engine.run, "build")).length > 0;

test("a client that goes takes its step with it", async () => {
  const leave = new AbortController();
  const building = classicBuild(engine, dockerfile("RUN echo begun; sleep 1000"), {}, leave.signal);
  await eventually(async () => existsSync(join(engine.run, "build")) && stepsRun());
  leave.abort();
  await expect(building).rejects.toThrow();
  await eventually(async () => !stepsRun());
  expect(engine.residue().filter((line) => line.startsWith("mount"))).toEqual([]);
});

test("an engine killed during a step goes on from the steps before it, and sweeps what the step left", async () => {
  const lines = [
    "RUN echo kept > /kept",
    "RUN --mount=type=cache,id=kill,target=/k if [ -e /k/x ]; then echo again; else touch /k/x; sleep 1000; fi",
  ];
  const cut = classicBuild(engine, dockerfile(...lines)).catch(() => undefined);
  const marks = new Bun.Glob("build/caches/**/x");
  await eventually(async () => [...marks.scanSync({ cwd: engine.root, dot: true })].length > 0 && stepsRun());
  await engine.restart();
  await cut;
  expect(stepsRun()).toBe(false);
  const { output, error } = await classicBuild(engine, dockerfile(...lines));
  expect(error).toBe("");
  expect(output).toContain("again");
  expect(engine.residue().filter((line) => line.startsWith("mount"))).toEqual([]);
});

test("images and their cache survive a restart, and a pruned cache leaves the images whole", async () => {
  const files = dockerfile("RUN echo durable > /durable");
  const { imageId } = await classicBuild(engine, files, { t: "durable" });
  await engine.restart();
  const again = await classicBuild(engine, files);
  expect(again.output).toContain("Using cache");
  expect(again.imageId).toBe(imageId);
  await fetch("http://docker/v1.47/build/prune?all=1", { method: "POST", unix: engine.socketPath });
  expect(await engine.dockerOutput("run", "--rm", "durable", "cat", "/durable")).toBe("durable");
  expect((await classicBuild(engine, files)).output).not.toContain("Using cache");
});

test("a step reaches who is on its network, and nobody without one", async () => {
  await engine.dockerOutput("run", "-d", "--name", "near", "busybox", "httpd", "-f", "-h", "/etc");
  const address = await engine.dockerOutput("inspect", "-f", "{{.NetworkSettings.IPAddress}}", "near");
  const files = dockerfile(`RUN printf 'GET /passwd HTTP/1.0\\r\\n\\r\\n' | nc -w 5 ${address} 80`);
  expect((await classicBuild(engine, files)).output).toContain("root:");
  expect((await classicBuild(engine, files, { networkmode: "none" })).output).toContain("unreachable");
  await engine.dockerOutput("rm", "-f", "near");
});

test("a step has the limits that were asked for", async () => {
  const lines = ["RUN head -c 200m /dev/zero | tail > /dev/null; echo code=$?"];
  const { output, error } = await classicBuild(engine, dockerfile(...lines), {
    memory: String(32 << 20),
    memswap: String(32 << 20),
  });
  expect(`${output}${error}`).toMatch(/cannot allocate memory|137/);
});

test.each([
  ["a body that is no archive", "not a tar"],
  ["an archive that ends in the middle", "cut"],
])("%s is refused", async (_, kind) => {
  const whole = contextTar({ Dockerfile: BASE.repeat(100) });
  const body = kind === "cut" ? whole.slice(0, 700) : Uint8Array.from(Buffer.from("x".repeat(2000)));
  const response = await fetch("http://docker/v1.47/build", { method: "POST", unix: engine.socketPath, body });
  expect(response.status).toBe(400);
  expect(readdirSync(join(engine.root, "build/remote"))).toEqual([]);
});

test("what the cache takes is told, of which images share is theirs, and system prune frees the rest", async () => {
  await fetch("http://docker/v1.47/build/prune?all=1", { method: "POST", unix: engine.socketPath });
  await classicBuild(engine, dockerfile("RUN head -c 2000000 /dev/urandom > /shared"), { t: "sharing" });
  const unshared = dockerfile("RUN head -c 3000000 /dev/urandom > /lone", "RUN false");
  expect((await classicBuild(engine, unshared)).error).toContain("non-zero code: 1");
  for (const cli of ["docker", "tare"] as const) {
    const line = (await engine[cli]("system", "df", "--format", "{{.Type}} {{.TotalCount}} {{.Size}}")).stdout;
    expect(line).toMatch(/^Build Cache 2 3(\.\d+)?MB$/m);
    const verbose = (await engine[cli]("system", "df", "-v")).stdout;
    expect(verbose).toMatch(/regular +2(\.\d+)?MB .* true$/m);
    expect(verbose).toMatch(/regular +3(\.\d+)?MB .* false$/m);
  }
  const pruned = await engine.dockerOutput("system", "prune", "-f");
  expect(pruned).toContain("Deleted build cache objects:");
  expect(pruned).toMatch(/^Total reclaimed space: 3(\.\d+)?MB$/m);
  expect(await engine.dockerOutput("run", "--rm", "sharing", "wc", "-c", "/shared")).toBe("2000000 /shared");
});

test("why a step cannot be started is told, however soon it fails", async () => {
  const ulimits = JSON.stringify([{ Name: "nofile", Soft: 0, Hard: 0 }]);
  const builds = Array.from({ length: 8 }, (_, at) => classicBuild(engine, dockerfile(`RUN echo ${at}`), { ulimits }));
  for (const { output, error } of await Promise.all(builds)) {
    expect(output).toContain("Too many open files");
    expect(error).not.toMatch(/Failed to connect|the monitor has ended/);
  }
});
