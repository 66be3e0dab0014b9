/** `tare build` and what goes in and out of it beside images: directories, archives, layouts, standard input; the cache and past builds. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdirSync, readdirSync, readFileSync, readlinkSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { BuildCommand, lines } from "../harness/build-command.ts";
import { contextTar } from "../harness/classic-build.ts";
import { TARE, TestEngine } from "../harness/engine.ts";
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

describe("results", () => {
  const FILES = {
    Dockerfile: lines(
      "FROM busybox AS make",
      "RUN mkdir -p /out/etc /out/bin && echo new > /out/etc/conf && ln /out/etc/conf /out/bin/same && chmod 4755 /out/bin/same && ln -s etc/conf /out/link",
      "FROM scratch",
      "COPY --from=make /out /",
    ),
  };

  test("as a directory replace what is in their place and touch nothing else, wherever links lead", async () => {
    const cwd = build.context(FILES);
    const outside = build.context({ conf: "outside" });
    mkdirSync(join(cwd, "out/link"), { recursive: true });
    writeFileSync(join(cwd, "out/mine"), "kept");
    symlinkSync(outside, join(cwd, "out/etc"));
    await build.succeed(cwd, ["-o", "out", "."]);
    expect(readFileSync(join(outside, "conf"), "utf8")).toBe("outside");
    expect(readFileSync(join(cwd, "out/etc/conf"), "utf8")).toBe("new\n");
    expect(readFileSync(join(cwd, "out/mine"), "utf8")).toBe("kept");
    expect(readlinkSync(join(cwd, "out/link"))).toBe("etc/conf");
    expect(statSync(join(cwd, "out/bin/same")).mode & 0o7777).toBe(0o4755);
  });

  test("as a tar go to a file, whole or not at all, or to standard output", async () => {
    const cwd = build.context(FILES);
    await build.succeed(cwd, ["-o", "type=tar,dest=out.tar", "."]);
    const names = (await output(["tar", "tf", join(cwd, "out.tar")])).split("\n");
    expect(names).toEqual(expect.arrayContaining(["bin/same", "etc/conf", "link"]));
    const { stdout } = await build.succeed(cwd, ["-o", "-", "."]);
    expect(stdout.length).toBe(statSync(join(cwd, "out.tar")).size);
    const failed = await build.run(cwd, ["--target", "nothing", "-o", "type=tar,dest=other.tar", "."]);
    expect(failed.exitCode).toBe(1);
    expect(readdirSync(cwd).filter((name) => name.startsWith("other"))).toEqual([]);
  });

  test("end with who reads them", async () => {
    const cwd = build.context({
      Dockerfile: lines("FROM busybox", "RUN dd if=/dev/zero of=/zeros bs=1M count=20 2>/dev/null"),
    });
    const script = `${TARE.join(" ")} build -q -o - ${cwd} | head -c 1000 | wc -c`;
    expect(await output(["bash", "-c", script], { env: engine.tareEnv() })).toBe("1000");
  });

  test("as a layout are a context for another build, and caches are found again", async () => {
    const cwd = build.context({
      ...FILES,
      Second: lines(
        "FROM first",
        "COPY --from=busybox /bin/busybox /bin/sh",
        'RUN ["/bin/sh", "-c", "echo from layout"]',
      ),
    });
    await build.succeed(cwd, [
      "-t",
      "first:v1",
      "-o",
      "type=oci,tar=false,dest=layout",
      "--cache-to",
      "type=local,dest=cache,mode=max",
      ".",
    ]);
    const { stderr } = await build.succeed(cwd, [
      "-f",
      "Second",
      "--build-context",
      "first=oci-layout://layout:v1",
      ".",
    ]);
    expect(stderr).toContain("from layout");
    await engine.tareOutput("builder", "prune", "-af");
    const again = await build.succeed(cwd, ["--cache-from", "type=local,src=cache", "."]);
    expect(again.stderr).toMatch(/RUN mkdir -p .*\n#\d+ CACHED\n/);
  });
});

describe("standard input", () => {
  test("is a Dockerfile without a context", async () => {
    const { stderr } = await build.succeed(engine.dir, ["-"], { stdin: lines("FROM busybox", "RUN echo from stdin") });
    expect(stderr).toContain("from stdin");
    const copies = await build.run(engine.dir, ["-"], { stdin: lines("FROM busybox", "COPY engine.json /") });
    expect(copies.stderr).toContain('"/engine.json": not found');
  });

  test("is a Dockerfile for a directory", async () => {
    const cwd = build.context({ Dockerfile: "nonsense", word: "found\n" });
    const { stderr } = await build.succeed(cwd, ["-f", "-", "."], {
      stdin: lines("FROM busybox", "COPY word /", "RUN cat /word"),
    });
    expect(stderr).toMatch(/\d found\n/);
  });

  test.each(["plain", "gzip"])("is a context as a %s archive", async (form) => {
    const files = { "sub/Other": lines("FROM busybox", "COPY word /", "RUN cat /word"), word: `packed ${form}\n` };
    const tar = contextTar(files);
    const stdin = form === "gzip" ? Bun.gzipSync(tar) : tar;
    const { stderr } = await build.succeed(engine.dir, ["-f", "sub/Other", "-"], { stdin });
    expect(stderr).toContain(`packed ${form}`);
  });
});

test("the cache and the builds are listed, told again, and removed", async () => {
  const cwd = build.context({ Dockerfile: lines("FROM busybox", "RUN echo remember me > /x; cat /x") });
  await build.succeed(cwd, ["-t", "cli:history", "."]);
  const [ref = ""] = (await engine.tareOutput("builder", "history", "ls", "-q")).split("\n");
  expect(await engine.tareOutput("builder", "history", "ls")).toMatch(/^BUILD ID +NAME +STATUS +CREATED AT +DURATION/);
  const logs = await engine.tare("builder", "history", "logs", ref);
  expect(logs.stderr).toMatch(/RUN echo remember me .*\n#\d+ \d\.\d{3} remember me\n/);
  const told = await engine.tareOutput("builder", "history", "inspect", ref);
  expect(told).toMatch(/^Name:\tcli:history\nRef:\t\w{25}\nDockerfile:\tDockerfile\n/);
  expect(told).toContain("\nBuild Steps:\t6/6 (");
  expect(told).toMatch(/\nsha256:[0-9a-f]{64} +https:\/\/slsa\.dev\/provenance\/v0\.2\n/);
  const made = await engine.tareOutput("builder", "history", "inspect", "--format", "{{json .Attachments}}", ref);
  const id = await engine.tareOutput("image", "inspect", "--format", "{{.Id}}", "cli:history");
  expect(JSON.parse(made)[0]).toMatchObject({ Digest: id, Type: "application/vnd.docker.container.image.v1+json" });
  expect(await engine.tareOutput("builder", "history", "inspect", "--format", "{{.Status}} {{.Dockerfile}}")).toBe(
    "Completed Dockerfile",
  );
  await engine.tareOutput("builder", "history", "rm", `default/default/${ref}`);
  expect(await engine.tareOutput("builder", "history", "ls", "-q")).not.toContain(ref);
  expect((await engine.tare("builder", "history", "logs", ref)).stderr).toContain(`no record found for ref "${ref}"`);
  const usage = await engine.tareOutput("builder", "du", "--verbose");
  expect(usage).toMatch(/Description: +\[2\/2\] RUN echo remember me/);
  expect(await engine.tareOutput("builder", "du")).toMatch(
    /^ID +RECLAIMABLE +SIZE +LAST ACCESSED\n[\s\S]*\nTotal:\t\t\d/,
  );
  expect(await engine.tareOutput("builder", "prune", "-af")).toMatch(/^ID +RECLAIMABLE[\s\S]*\nTotal:\t\d/);
  expect(await engine.tareOutput("builder", "du")).toContain("Total:\t\t0B");
});
