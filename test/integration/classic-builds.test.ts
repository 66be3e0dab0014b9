/** Builds of clients without BuildKit: what the stream tells is what Docker's classic builder told, as its clients have learnt to read it. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { type BuildAnswer, type ContextFiles, classicBuild, contextTar } from "../harness/classic-build.ts";
import { TestEngine } from "../harness/engine.ts";
import { ensureBusybox } from "../harness/images.ts";

let engine: TestEngine;
beforeAll(async () => {
  engine = await TestEngine.start();
  await ensureBusybox(engine.dockerEnv());
});
afterAll(() => engine[Symbol.asyncDispose]());

const file = (...lines: readonly string[]): ContextFiles => ({ Dockerfile: `${lines.join("\n")}\n` });

/** Ids are new at every build. */
const told = ({ output }: BuildAnswer): string[] =>
  output
    .replaceAll(/\b[0-9a-f]{12}\b/g, "ID")
    .split("\n")
    .filter(Boolean);

test("instructions that change no file have steps, a container and a place in the cache as well, and so have the client's labels", async () => {
  const files = file("FROM scratch", "ENV a=b", "COPY Dockerfile /", "CMD x");
  const query = { labels: '{"z":"b c","k":""}' };
  const ran = [" ---> Running in ID", " ---> Removed intermediate container ID", " ---> ID"];
  expect(told(await classicBuild(engine, files, query))).toEqual([
    "Step 1/6 : FROM scratch",
    " ---> ",
    "Step 2/6 : ENV a=b",
    ...ran,
    "Step 3/6 : COPY Dockerfile /",
    " ---> ID",
    "Step 4/6 : CMD x",
    ...ran,
    "Step 5/6 : LABEL k=",
    ...ran,
    "Step 6/6 : LABEL z=b c",
    ...ran,
    "Successfully built ID",
  ]);
  const again = told(await classicBuild(engine, files, query));
  expect(again.filter((line) => line === " ---> Using cache")).toHaveLength(5);
  expect(again.join("\n")).not.toContain("Running in");
});

test("a base that cannot be had fails in the stream, at its step", async () => {
  const answer = await classicBuild(engine, file("FROM scratch AS a", "COPY Dockerfile /", "FROM Nothing", "RUN x"));
  expect(answer.status).toBe(200);
  expect(told(answer)).toEqual(["Step 3/4 : FROM Nothing"]);
  expect(answer.error).toBe("invalid reference format: repository name (library/Nothing) must be lowercase");
});

test.each([
  [
    "COPY of what is not there",
    ["FROM scratch", "COPY nowhere /"],
    "COPY failed: file not found in build context or excluded by .dockerignore: stat nowhere: file does not exist",
  ],
  [
    "ADD of what is not there",
    ["FROM scratch", "ADD nowhere /"],
    "ADD failed: file not found in build context or excluded by .dockerignore: stat nowhere: file does not exist",
  ],
  [
    "COPY of what a stage has not",
    ["FROM scratch AS a", "COPY Dockerfile /", "FROM scratch", "COPY --from=a /nowhere /"],
    "COPY failed: stat nowhere: file does not exist",
  ],
  [
    "a command that fails",
    ["FROM busybox", "RUN exit 4"],
    "The command '/bin/sh -c exit 4' returned a non-zero code: 4",
  ],
] as const)("%s fails in the stream, in words of old", async (_, lines, error) => {
  expect(await classicBuild(engine, file(...lines))).toMatchObject({ status: 200, error });
});

test.each([
  ["an empty Dockerfile", { Dockerfile: "" }, 400, "the Dockerfile (Dockerfile) cannot be empty"],
  ["a Dockerfile of comments", file("# x"), 400, "failed to parse Dockerfile: file with no instructions"],
  [
    "a notation that is wrong",
    file("FROM scratch", "ENV a"),
    400,
    "failed to parse Dockerfile: ENV must have two arguments",
  ],
  [
    "an instruction that is none",
    file("FROM scratch", "RUNN a"),
    400,
    "dockerfile parse error on line 2: unknown instruction: RUNN (did you mean RUN?)",
  ],
  ["no Dockerfile", {}, 500, "Cannot locate specified Dockerfile: Dockerfile"],
] as const)("%s is refused before the stream begins", async (_, files, status, error) => {
  expect(await classicBuild(engine, files)).toMatchObject({ status, error });
});

test("the cache is that of the images that are named for it, where any are", async () => {
  const files = file("FROM busybox", "ENV a=b", "RUN touch /one", "RUN touch /two");
  const cachedWith = async (query: Readonly<Record<string, string>>): Promise<number> =>
    told(await classicBuild(engine, files, query)).filter((line) => line === " ---> Using cache").length;
  expect(await cachedWith({ t: "cached:one" })).toBe(0);
  expect(await cachedWith({ cachefrom: '["cached:one"]' })).toBe(3);
  expect(await cachedWith({ cachefrom: '["cached:none"]' })).toBe(0);
});

test("steps run on the network that is asked for", async () => {
  await engine.dockerOutput("network", "create", "--subnet=10.213.77.0/24", "for-builds");
  const files = file("FROM busybox", "RUN ip -o -4 addr show eth0");
  const { output } = await classicBuild(engine, files, { networkmode: "for-builds", nocache: "1" });
  expect(output).toContain("inet 10.213.77.");
  const lost = await classicBuild(engine, files, { networkmode: "not-there", nocache: "1" });
  expect(lost).toMatchObject({ status: 200, error: expect.stringContaining("network not-there not found") });
  await engine.dockerOutput("network", "rm", "for-builds");
});

test("lines end as those of Docker's stream formatter do", async () => {
  const response = await fetch("http://docker/v1.47/build", {
    method: "POST",
    unix: engine.socketPath,
    body: contextTar(file("FROM scratch", "COPY Dockerfile /")),
    headers: { "Content-Type": "application/x-tar" },
  });
  const text = await response.text();
  expect(text.split("\r\n")).toHaveLength(text.split("\n").length);
});

test.each([
  [{ until: ["1"] }, 200, undefined],
  [{ until: ["1600000000.5"], type: ["regular"], inuse: ["false"] }, 200, undefined],
  [{ "unused-for": ["100000h"], label: ["a=b"] }, 200, undefined],
  [{ until: ["1", "2"] }, 400, "filters expect only one value"],
  [
    { until: ["foo"] },
    400,
    `"until" filter expects a duration (e.g., '24h') or a timestamp: failed to parse value as time or duration: "foo"`,
  ],
  [{ nope: ["1"] }, 400, "invalid filter 'nope'"],
] as const)("the cache is pruned by the filters of other prunes: %j", async (filters, status, problem) => {
  const query = new URLSearchParams({ all: "1", filters: JSON.stringify(filters) }).toString();
  const answer = await fetch(`http://docker/v1.47/build/prune?${query}`, { method: "POST", unix: engine.socketPath });
  expect(answer.status).toBe(status);
  expect(await answer.json()).toEqual(
    problem === undefined
      ? { CachesDeleted: null, SpaceReclaimed: 0 }
      : { message: `failed to prune build cache: ${problem}` },
  );
});

test("build arguments that no instruction takes are warned of", async () => {
  const files = file("ARG TAG=x", "FROM scratch", "ARG KNOWN", "COPY Dockerfile /");
  const buildargs = '{"TAG":"1","KNOWN":"1","http_proxy":"x","SECOND":"2","FIRST":"1"}';
  expect(told(await classicBuild(engine, files, { buildargs }))).toContain(
    "[Warning] One or more build-args [FIRST SECOND] were not consumed",
  );
  const consumed = told(await classicBuild(engine, files, { buildargs: '{"TAG":"1","KNOWN":"1"}' }));
  expect(consumed.join("\n")).not.toContain("Warning");
});

test("a base's triggers run under their FROM, and are no steps of their own", async () => {
  const base = file("FROM busybox", "ONBUILD RUN echo triggered", "ONBUILD COPY Dockerfile /x", "ONBUILD ENV A=1");
  await classicBuild(engine, base, { t: "with-triggers" });
  const ran = [" ---> Running in ID", " ---> Removed intermediate container ID"];
  expect(told(await classicBuild(engine, file("FROM with-triggers", "RUN true"), { nocache: "1" }))).toEqual([
    "Step 1/2 : FROM with-triggers",
    "# Executing 3 build triggers",
    " ---> Running in ID",
    "triggered",
    " ---> Removed intermediate container ID",
    ...ran,
    " ---> ID",
    "Step 2/2 : RUN true",
    ...ran,
    " ---> ID",
    "Successfully built ID",
  ]);
});

test.each([
  ['RUN ["nosuch"]', 'exec: "nosuch": executable file not found in $PATH'],
  ['RUN ["/etc"]', 'exec: "/etc": is a directory: permission denied'],
])("%s fails as a container that cannot start", async (instruction, why) => {
  const { error } = await classicBuild(engine, file("FROM busybox", instruction));
  expect(error).toStartWith("failed to create task for container: ");
  expect(error).toEndWith(why);
});
