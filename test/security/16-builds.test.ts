/** Row 16, and the builds' part of rows 8 to 11: hostile contexts, races for mounts, subdirectories that lead out, frontends that ask for control. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { type ContextFiles, classicBuild, contextTar, sendBuild } from "../harness/classic-build.ts";
import { TestEngine } from "../harness/engine.ts";
import { eventually } from "../harness/eventually.ts";
import { GitServer } from "../harness/git-server.ts";
import { ensureBusybox } from "../harness/images.ts";
import { output } from "../harness/process.ts";

let engine: TestEngine;
let outside: string;
beforeAll(async () => {
  engine = await TestEngine.start();
  await ensureBusybox(engine.dockerEnv());
  outside = mkdtempSync(join("/var/tmp", "tare-outside-"));
  writeFileSync(join(outside, "secret"), "of the host\n");
});
afterAll(async () => {
  rmSync(outside, { recursive: true, force: true });
  await engine[Symbol.asyncDispose]();
});

const build = (steps: string, files: ContextFiles = {}): ReturnType<typeof classicBuild> =>
  classicBuild(engine, { Dockerfile: `FROM busybox\n${steps}\n`, ...files });

test("entries of a context that lead out of it stay inside or are refused", async () => {
  for (const name of ["../../../../../../escaped", "/escaped", "a/../../escaped"]) {
    await build("RUN true", { [name]: "x" });
  }
  for (const place of [
    "/escaped",
    join(engine.root, "escaped"),
    join(engine.root, "build/escaped"),
    join(engine.root, "build/remote/escaped"),
  ]) {
    expect(existsSync(place)).toBe(false);
  }
});

test("an entry behind a link in the context does not leave it", async () => {
  const files: ContextFiles = { out: { type: "symlink", linkName: outside }, "out/planted": "x" };
  await build("RUN true", files);
  expect(readdirSync(outside)).toEqual(["secret"]);
});

test.each([
  ["COPY of a link to a host's file", "COPY link /x", { link: { type: "symlink", linkName: "SECRET" } }],
  [
    "COPY through a link to a host's directory",
    "COPY dir/secret /x",
    { dir: { type: "symlink", linkName: "OUTSIDE" } },
  ],
  [
    "a pattern through a link to a host's directory",
    "COPY dir/* /x/",
    { dir: { type: "symlink", linkName: "OUTSIDE" } },
  ],
  [
    "a bind of a link to a host's directory",
    "RUN --mount=type=bind,source=dir,target=/m cat /m/secret",
    { dir: { type: "symlink", linkName: "OUTSIDE" } },
  ],
] as const)("%s finds nothing", async (_, step, links) => {
  const files = Object.fromEntries(
    Object.entries(links).map(([name, { linkName }]) => [
      name,
      { type: "symlink" as const, linkName: linkName === "SECRET" ? join(outside, "secret") : outside },
    ]),
  );
  const answer = await build(step, files);
  expect(answer.error).not.toBe("");
  expect(answer.output).not.toContain("of the host");
});

test("a copy into a path of links in the image stays in the image", async () => {
  const { imageId, error } = await build(
    `RUN ln -s ${outside} /out && ln -s /../../../../${outside} /up\nCOPY a /out/planted\nCOPY a /up/planted`,
    { a: "x" },
  );
  expect(error).toBe("");
  expect(readdirSync(outside)).toEqual(["secret"]);
  expect(imageId).not.toBe("");
});

test("a cache that a build has filled with links mounts nothing of the host", async () => {
  await build(`RUN --mount=type=cache,id=linked,target=/c rm -rf /c/sub; ln -s ${outside} /c/sub`);
  const { output: said } = await build("RUN --mount=type=cache,id=linked,target=/c ls /c/sub/ 2>&1 || echo nothing");
  expect(said).toContain("nothing");
  expect(said).not.toContain("secret");
});

test("two builds that race for one cache with links in a mount's way never see the host", async () => {
  const swap = `RUN --mount=type=cache,id=race,target=/c for i in $(seq 300); do rm -rf /c/d; mkdir /c/d; rm -rf /c/d; ln -s ${outside} /c/d; done`;
  const use =
    "RUN --mount=type=cache,id=race,target=/c for i in $(seq 300); do cat /c/d/secret 2>/dev/null && echo LEAKED; done; true";
  const answers = await Promise.all([build(swap), build(use)]);
  expect(answers.map(({ error }) => error)).toEqual(["", ""]);
  expect(answers.map(({ output: said }) => said).join("")).not.toContain("LEAKED\n");
});

test("devices and set-user-id files of a context are no devices for anybody outside", async () => {
  const files: ContextFiles = { disk: { type: "block", major: 8, minor: 0, mode: 0o666 } };
  const { error } = await build("COPY . /ctx/\nRUN ls -l /ctx", files);
  expect(error).toBe("");
  // Nobody but root can enter the build's directories.
  const asNobody = Bun.spawnSync([
    "setpriv",
    "--reuid=65534",
    "--regid=65534",
    "--clear-groups",
    "ls",
    join(engine.root, "build"),
  ]);
  expect(asNobody.exitCode).not.toBe(0);
});

test("a context that explodes is refused and leaves nothing", async () => {
  const many = Object.fromEntries(
    Array.from({ length: 50 }, (_, at) => [`zeros-${at}`, { type: "file" as const, data: Buffer.alloc(1 << 20) }]),
  );
  const bomb = Uint8Array.from(
    gzipSync(Buffer.concat([contextTar({ Dockerfile: "FROM busybox\n", ...many }), Buffer.alloc(64)])),
  );
  const before = readdirSync(join(engine.root, "build/remote"));
  await sendBuild(engine, bomb);
  expect(readdirSync(join(engine.root, "build/remote"))).toEqual(before);
});

test("a subdirectory of a repository does not lead out of it", async () => {
  await using repository = await GitServer.start(async (dir) => {
    mkdirSync(join(dir, "sub"));
    writeFileSync(join(dir, "sub/file"), "inside\n");
    symlinkSync(outside, join(dir, "link"));
  });
  const at = (sub: string): ReturnType<typeof build> =>
    build(`ADD ${repository.address}#main:${sub} /x\nRUN cat /x/* | sed s/^/read:/`);
  expect((await at("sub")).output).toContain("read:inside");
  for (const sub of ["../..", "sub/../../..", "link"]) {
    const answer = await at(sub);
    expect(answer.error).not.toBe("");
    expect(answer.output).not.toContain("of the host");
  }
});

test("a submodule is no way to a repository of this machine", async () => {
  const secret = join(outside, "repository");
  const git = (dir: string, ...args: string[]): Promise<string> =>
    output(["git", "-C", dir, "-c", "user.name=A", "-c", "user.email=a@example.org", ...args]);
  mkdirSync(secret);
  writeFileSync(join(secret, "private"), "of the host\n");
  await git(secret, "init", "-q", "-b", "main");
  await git(secret, "add", ".");
  await git(secret, "commit", "-q", "-m", "first");
  await using repository = await GitServer.start(async (dir) => {
    await git(dir, "init", "-q", "-b", "main");
    await git(dir, "-c", "protocol.file.allow=always", "submodule", "-q", "add", `file://${secret}`, "sub");
  });
  const { output: said, error } = await build(`ADD ${repository.address}#main /x\nRUN cat /x/sub/*`);
  expect(said).not.toContain("of the host");
  expect(error).toContain("transport 'file' not allowed");
  rmSync(secret, { recursive: true });
});

test("a server that never answers ends with its build, and with its engine", async () => {
  const silent = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data: () => undefined } });
  const fetching = (): boolean => workingIn(join(engine.root, "build")).length > 0;
  try {
    const files = { Dockerfile: `FROM busybox\nADD git://127.0.0.1:${silent.port}/x.git /x\n` };
    const leave = new AbortController();
    const building = classicBuild(engine, files, {}, leave.signal).catch(() => undefined);
    await eventually(async () => fetching());
    leave.abort();
    await building;
    await eventually(async () => !fetching());
    void classicBuild(engine, files).catch(() => undefined);
    await eventually(async () => fetching());
    await engine.restart();
    await eventually(async () => !fetching());
  } finally {
    silent.stop(true);
  }
});

/** Processes that work below a directory. */
function workingIn(dir: string): string[] {
  return readdirSync("/proc").filter((pid) => {
    try {
      return /^\d+$/.test(pid) && readlinkSync(`/proc/${pid}/cwd`).startsWith(dir);
    } catch {
      return false;
    }
  });
}

test.each([
  ["ADD --link=-upload-pack=touch /x", "ADD ext::sh%20-c%20touch%20/x.git /x"],
  ["an option in place of a reference", "ADD git://127.0.0.1:1/x.git#--upload-pack=touch /x"],
])("a repository's address runs no program: %s", async (_, step) => {
  const answer = await build(step);
  expect(answer.error).not.toBe("");
});

test("a frontend of somebody else's is refused", async () => {
  const { error } = await classicBuild(engine, { Dockerfile: "# syntax=evil/frontend:1\nFROM busybox\n" });
  expect(error).toContain("frontend evil/frontend:1 is not supported");
});

test("a step may neither be privileged nor on the host's network unasked", async () => {
  const insecure = await build("RUN --security=insecure id");
  expect(insecure.error).toContain("security.insecure is not allowed");
});

test("secrets of the build's environment are in no layer and no history", async () => {
  const { imageId } = await classicBuild(
    engine,
    { Dockerfile: "FROM busybox\nRUN echo $HTTP_PROXY > /dev/null\n" },
    { buildargs: '{"HTTP_PROXY":"http://user:s3cret@proxy"}' },
  );
  const history = await engine.dockerOutput("history", "--no-trunc", imageId);
  expect(history).not.toContain("s3cret");
  expect(readFileSync(join(engine.root, "tare.db")).includes("s3cret")).toBe(false);
});

const many = (count: number, part: (at: number) => string): string =>
  Array.from({ length: count }, (_, at) => part(at)).join("");

/** Small files that want the engine to do much: without bounds each of these keeps it busy for hours, or takes all memory. */
test.each([
  ["instructions", "ENV a=b\n".repeat(200_000), "failed to parse Dockerfile: file with more than 5000 instructions"],
  ["variables", many(3, (line) => `ENV ${many(5000, (at) => `v${line}_${at}=1 `)}\n`), "more than 10000 variables"],
  [
    "a variable that doubles",
    `ENV a=0123456789\n${"ENV a=$a$a\n".repeat(60)}`,
    'failed to process "$a$a": the result is too long',
  ],
  ["ports", `EXPOSE ${"1-65535 ".repeat(5000)}\n`, "more ports than there are"],
  ["paths", `ENV a=${"x".repeat(50_000)}\n${"WORKDIR $a\n".repeat(4000)}`, "the history of the image is too long"],
] as const)("a Dockerfile of too many %s is refused", async (_, lines, error) => {
  const answer = await classicBuild(engine, { Dockerfile: `FROM scratch\n${lines}` });
  expect(answer.error).toBe(error);
});
