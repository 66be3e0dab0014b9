/** `tare build` from the user's side: what it sends, what it is sent, what it says, and what it leaves. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { readdirSync, readFileSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { BuildCommand, lines } from "../harness/build-command.ts";
import { TARE, TestEngine } from "../harness/engine.ts";
import { eventually } from "../harness/eventually.ts";
import { ensureBusybox } from "../harness/images.ts";
import { output } from "../harness/process.ts";

let engine: TestEngine;
let build: BuildCommand;
beforeAll(async () => {
  engine = await TestEngine.start();
  await ensureBusybox(engine.dockerEnv());
  build = new BuildCommand(engine);
});
afterAll(() => engine[Symbol.asyncDispose]());

test("what .dockerignore leaves out is not sent, everything else is as it was", async () => {
  const cwd = build.context({
    Dockerfile: lines(
      "FROM busybox",
      "COPY . /src",
      "RUN cd /src && find . | sort > /list && stat -c %a script >> /list",
    ),
    ".dockerignore": lines("# not these", "**/*.log", "secret*", "!secret.pub", "Dockerfile"),
    "a.txt": "a",
    "deep/b.log": "b",
    "deep/c.txt": "c",
    "secret.key": "s",
    "secret.pub": "p",
    script: "#!/bin/sh\n",
  });
  await output(["chmod", "750", join(cwd, "script")]);
  symlinkSync("a.txt", join(cwd, "link"));
  const { stderr } = await build.succeed(cwd, ["-t", "cli:one", "--iidfile", "id", "--metadata-file", "meta", "."]);
  const list = await engine.dockerOutput("run", "--rm", "cli:one", "cat", "/list");
  expect(list.split("\n")).toEqual([
    ".",
    "./.dockerignore",
    "./a.txt",
    "./deep",
    "./deep/c.txt",
    "./link",
    "./script",
    "./secret.pub",
    "750",
  ]);
  const id = await engine.dockerOutput("image", "inspect", "--format", "{{.Id}}", "cli:one");
  expect(readFileSync(join(cwd, "id"), "utf8")).toBe(id);
  expect(JSON.parse(readFileSync(join(cwd, "meta"), "utf8"))).toMatchObject({
    "containerimage.config.digest": id,
    "image.name": "docker.io/library/cli:one",
    "buildx.build.ref": expect.stringMatching(/^default\/default\/[0-9a-z]{25}$/),
  });
  expect(stderr).toContain("#1 [internal] load build definition from Dockerfile\n");
  expect(stderr).toMatch(/#\d+ \[2\/3\] COPY \. \/src\n#\d+ DONE \d+\.\ds\n/);
  expect(stderr).toContain("naming to docker.io/library/cli:one");
});

test("the second build is cached; quiet says nothing but the image", async () => {
  const cwd = build.context({ Dockerfile: lines("FROM busybox", "COPY a /a", "RUN cat /a"), a: "hello\n" });
  expect((await build.succeed(cwd, ["."])).stderr).toMatch(/#\d+ \d+\.\d{3} hello\n/);
  const again = await build.succeed(cwd, ["--progress=plain", "."]);
  expect(again.stderr).toMatch(/\[2\/3\] COPY a \/a\n#\d+ CACHED\n/);
  expect(again.stderr).toMatch(/\[3\/3\] RUN cat \/a\n#\d+ CACHED\n/);
  const quiet = await build.succeed(cwd, ["-q", "."]);
  expect(quiet.stdout).toMatch(/^sha256:[0-9a-f]{64}\n$/);
  expect(quiet.stderr).toBe("");
  const raw = await build.succeed(cwd, ["--progress=rawjson", "."]);
  const cached = raw.stderr
    .trimEnd()
    .split("\n")
    .flatMap((line): { cached?: boolean }[] => JSON.parse(line).vertexes ?? [])
    .filter((vertex) => vertex.cached);
  expect(cached.length).toBeGreaterThanOrEqual(3);
});

test("on a terminal each step has a row", async () => {
  const cwd = build.context({ Dockerfile: lines("FROM busybox", "RUN echo once >&2") });
  await build.succeed(cwd, ["."]);
  const terminal = engine.tareTerminal("build", cwd);
  await terminal.expect(/RUN echo once >&2\s.*CACHED/);
  expect(await terminal.exit()).toBe(0);
});

test("arguments, labels, targets, limits and named contexts reach the engine", async () => {
  const cwd = build.context({
    Dockerfile: lines(
      "FROM busybox AS one",
      "ARG A B=default FROM_ENV",
      "COPY --from=other c /c",
      "RUN echo $A $B $FROM_ENV $(cat /c) $(ulimit -n) $(grep extra /etc/hosts) > /said",
      "FROM one AS two",
      "RUN false",
    ),
    "other/c": "named",
  });
  const flags = [
    "--build-arg",
    "A=1",
    "--build-arg",
    "FROM_ENV",
    "--label",
    "l=v",
    "--target",
    "one",
    "--build-context",
  ];
  const more = ["other=other", "--ulimit", "nofile=99:99", "--add-host", "extra:10.9.8.7", "-t", "cli:args", "."];
  await build.succeed(cwd, [...flags, ...more], { env: { FROM_ENV: "env" } });
  const said = await engine.dockerOutput("run", "--rm", "cli:args", "cat", "/said");
  expect(said).toMatch(/^1 default env named 99 10\.9\.8\.7\s+extra$/);
  expect(await engine.dockerOutput("image", "inspect", "--format", "{{.Config.Labels.l}}", "cli:args")).toBe("v");
});

test("a command that takes longer than it may is ended, and leaves nothing", async () => {
  const cwd = build.context({ Dockerfile: lines("FROM busybox", "RUN echo begun; sleep 1000") });
  const { stderr, exitCode } = await build.run(cwd, ["--run-timeout", "300ms", "."]);
  expect(exitCode).toBe(1);
  expect(stderr).toContain(
    'process "/bin/sh -c echo begun; sleep 1000" did not complete successfully: it took longer than 300ms',
  );
  expect(engine.residue().filter((line) => line.startsWith("mount"))).toEqual([]);
  expect((await build.run(cwd, ["--run-timeout", "soon", "."])).stderr).toContain('invalid duration "soon"');
});

test("secrets are seen by the step that asks for them and by nobody after it", async () => {
  const cwd = build.context({
    Dockerfile: lines(
      "FROM busybox",
      "RUN --mount=type=secret,id=file --mount=type=secret,id=var,env=TOKEN cat /run/secrets/file | wc -c; echo ${#TOKEN}",
      "RUN ls /run/secrets 2>/dev/null | wc -l",
    ),
    token: "verysecretfile",
  });
  const args = ["--no-cache", "--secret", "id=file,src=token", "--secret", "id=var,env=TOK", "-t", "cli:secret", "."];
  const { stderr } = await build.succeed(cwd, args, { env: { TOK: "verysecretvalue" } });
  expect(stderr).toMatch(/ 14\n#\d+ \d\.\d{3} 15\n/);
  expect(stderr).toMatch(/#\d+ \d\.\d{3} 0\n/);
  const saved = await output(["sh", "-c", `${TARE.join(" ")} save cli:secret | grep -c verysecret || true`], {
    env: engine.tareEnv(),
  });
  expect(saved).toBe("0");
  expect(engine.log + (await engine.tareOutput("builder", "history", "ls"))).not.toContain("verysecret");
});

const ASK_AGENT = `
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
int main(void) {
  struct sockaddr_un name = {.sun_family = AF_UNIX};
  strncpy(name.sun_path, getenv("SSH_AUTH_SOCK"), sizeof name.sun_path - 1);
  int fd = socket(AF_UNIX, SOCK_STREAM, 0);
  if (connect(fd, (struct sockaddr *)&name, sizeof name) != 0) return 1;
  unsigned char types[] = {11, 19}, answer[64];
  for (int i = 0; i < 2; i++) {
    unsigned char message[] = {0, 0, 0, 1, types[i]};
    if (write(fd, message, 5) != 5 || read(fd, answer, 64) < 5) return 2;
    printf("asked %d told %d\\n", types[i], answer[4]);
  }
}
`;

test("an agent answers for its identities, and cannot be told to forget them", async () => {
  const cwd = build.context({
    Dockerfile: lines("FROM scratch", "COPY ask /ask", 'RUN --mount=type=ssh ["/ask"]'),
    "ask.c": ASK_AGENT,
  });
  await output(["gcc", "-static", "-o", join(cwd, "ask"), join(cwd, "ask.c")]);
  const heard: number[] = [];
  const agent = Bun.listen({
    unix: join(cwd, "agent.sock"),
    socket: {
      data(socket, bytes) {
        heard.push(bytes[4] ?? 0);
        socket.write(Buffer.of(0, 0, 0, 5, 12, 0, 0, 0, 0));
      },
    },
  });
  try {
    const { stderr } = await build.succeed(cwd, ["--ssh", "default=agent.sock", "."]);
    expect(stderr).toMatch(/asked 11 told 12\n#\d+ \d\.\d{3} asked 19 told 5\n/);
    expect(heard).toEqual([11]);
  } finally {
    agent.stop(true);
  }
});

describe("a build that fails", () => {
  test("shows the step's output, its place and its exit code", async () => {
    const cwd = build.context({
      Dockerfile: lines("FROM busybox", "RUN echo before", "RUN echo why; exit 7", "RUN never"),
    });
    const { exitCode, stderr, stdout } = await build.run(cwd, ["."]);
    expect([exitCode, stdout]).toEqual([1, ""]);
    const rule = "-".repeat(20);
    expect(stderr).toMatch(/------\n > \[3\/4\] RUN echo why; exit 7:\n\d\.\d{3} why\n------\n/);
    expect(stderr).toEndWith(
      lines(
        "Dockerfile:3",
        rule,
        "   1 |     FROM busybox",
        "   2 |     RUN echo before",
        "   3 | >>> RUN echo why; exit 7",
        "   4 |     RUN never",
        "   5 |     ",
        rule,
        'ERROR: failed to build: failed to solve: process "/bin/sh -c echo why; exit 7" did not complete successfully: exit code: 7',
      ),
    );
  });

  test("tells where the Dockerfile is wrong, or that there is none", async () => {
    const cwd = build.context({ Dockerfile: lines("FROM busybox", "COPPY a b") });
    const wrong = await build.run(cwd, ["."]);
    expect(wrong.stderr).toContain("   2 | >>> COPPY a b\n");
    expect(wrong.stderr).toContain("dockerfile parse error on line 2: unknown instruction: COPPY (did you mean COPY?)");
    const missing = await build.run(cwd, ["-f", "Nowhere", "."]);
    expect(missing.stderr).toContain("failed to read dockerfile: open Nowhere: no such file or directory");
    expect([wrong.exitCode, missing.exitCode]).toEqual([1, 1]);
  });

  test("is what a check says when it has found something", async () => {
    const cwd = build.context({
      Dockerfile: lines("from busybox", "RUN true", "MAINTAINER me"),
      Good: lines("FROM busybox"),
    });
    const found = await build.run(cwd, ["--check", "."]);
    expect(found.stdout).toStartWith("Check complete, 2 warnings have been found!\n");
    expect(found.stdout).toContain("WARNING: MaintainerDeprecated");
    expect(found.exitCode).toBe(1);
    const told = await build.run(cwd, ["--call=check,format=json", "."]);
    const data = Buffer.from(lines("from busybox", "RUN true", "MAINTAINER me")).toString("base64");
    expect(JSON.parse(told.stdout).sources).toEqual([{ filename: "Dockerfile", data, language: "Dockerfile" }]);
    const good = await build.run(cwd, ["--call=check", "-f", "Good", "."]);
    expect([good.stdout, good.exitCode]).toEqual(["Check complete, no warnings found.\n", 0]);
  });

  test("is what a check says of a file that cannot be built, of all its stages", async () => {
    const cwd = build.context({
      Dockerfile: lines("FROM scratch AS a", "ENV b c", "FROM scratch", "CMD x", "FROM Nowhere"),
      Broken: lines("FROM scratch", "RUNN x"),
    });
    const found = await build.run(cwd, ["--check", "."]);
    expect(found.stdout).toStartWith("Check complete, 3 warnings have been found!\n");
    for (const rule of ["LegacyKeyValueFormat", "JSONArgsRecommended", "InvalidDefaultArgInFrom"]) {
      expect(found.stdout).toContain(`WARNING: ${rule} `);
    }
    expect(found.stderr).toContain('ERROR: failed to parse stage name "Nowhere": invalid reference format');
    expect(found.stderr).toContain(">>> FROM Nowhere");
    const broken = await build.run(cwd, ["--call=check,format=json", "-f", "Broken", "."]);
    expect(JSON.parse(broken.stdout)).toMatchObject({
      warnings: null,
      buildError: {
        message: "dockerfile parse error on line 2: unknown instruction: RUNN (did you mean RUN?)",
        location: { ranges: [{ start: { line: 2 }, end: { line: 2 } }] },
      },
    });
    expect([found.exitCode, broken.exitCode]).toEqual([1, 1]);
  });

  test("is the list of targets, in lower case and whatever they are built on", async () => {
    const cwd = build.context({
      Dockerfile: lines("FROM Nowhere AS First", "# second makes all", "FROM a/b as second"),
    });
    const { stdout, exitCode } = await build.run(cwd, ["--call=targets", "."]);
    expect(exitCode).toBe(0);
    expect(stdout).toBe("TARGET             DESCRIPTION\nfirst\nsecond (default)   makes all\n");
    const told = await build.run(cwd, ["--call=targets,format=json", "."]);
    expect(JSON.parse(told.stdout).targets.map(({ name }: { name: string }) => name)).toEqual(["first", "second"]);
  });
});

describe("an interrupted build", () => {
  const SLEEPER = lines("FROM busybox", "RUN --mount=type=cache,target=/c touch /c/begun; sleep 1000");

  test.each([
    ["SIGINT", 130],
    ["SIGTERM", 143],
  ] as const)("ends with %s, and leaves nothing", async (signal, code) => {
    const cwd = build.context({ Dockerfile: SLEEPER });
    const child = Bun.spawn([...TARE, "build", "--no-cache", "--iidfile", "id", "-o", "type=tar,dest=t", "."], {
      cwd,
      env: engine.tareEnv(),
      stdio: ["ignore", "ignore", "pipe"],
    });
    await eventually(async () => build.steps().length > 0);
    child.kill(signal);
    const [stderr, exitCode] = await Promise.all([child.stderr.text(), child.exited]);
    expect(stderr).toContain("CANCELED\n");
    expect(stderr).toEndWith("ERROR: failed to build: failed to solve: Canceled: context canceled\n");
    expect(exitCode).toBe(code);
    await eventually(async () => build.steps().length === 0);
    expect(engine.residue().filter((line) => line.startsWith("mount"))).toEqual([]);
    expect(readdirSync(cwd)).toEqual(["Dockerfile"]);
  });

  test("is one whose client is gone", async () => {
    const cwd = build.context({ Dockerfile: SLEEPER });
    const child = Bun.spawn([...TARE, "build", "--no-cache", "."], {
      cwd,
      env: engine.tareEnv(),
      stdio: ["ignore", "ignore", "ignore"],
    });
    await eventually(async () => build.steps().length > 0);
    child.kill("SIGKILL");
    await eventually(async () => build.steps().length === 0);
  });
});
