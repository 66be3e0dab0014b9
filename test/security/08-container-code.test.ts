/**
 * SECURITY row 8, programs and libraries of a container that the host's side runs (CVE-2019-14271, CVE-2026-41567): an image full of
 * trojans, by every name that a copy could come to call, and copies of every kind. Each trojan would leave a mark on the host.
 */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { writeTar } from "../../src/base/tar/writer.ts";
import { TestEngine } from "../harness/engine.ts";
import { makeImage } from "./hostile-image.ts";

const PROGRAMS = ["xz", "gzip", "gunzip", "unpigz", "pigz", "bzip2", "zstd", "tar", "getent", "id", "chattr", "mount"];
const PLACES = ["bin", "usr/bin", "sbin", "usr/local/bin", "proc/self/fd"];
const LIBRARIES = ["libnss_files.so.2", "libc.so.6", "libz.so.1", "liblzma.so.5"];

let engine: TestEngine;
let mark: string;

beforeAll(async () => {
  engine = await TestEngine.start();
  mark = join(engine.dir, "mark");
  const trojan = `#!/bin/sh\ntouch ${mark}\nexit 0\n`;
  const programs = PLACES.flatMap((place) => PROGRAMS.map((name) => [`${place}/${name}`, trojan] as const));
  await makeImage(engine, {
    name: "trojan",
    scripts: Object.fromEntries(programs.filter(([path]) => path !== "bin/mount" && path !== "bin/tar")),
    arrange: (root) => {
      mkdirSync(join(root, "lib/x86_64-linux-gnu"), { recursive: true });
      for (const name of LIBRARIES) writeFileSync(join(root, "lib/x86_64-linux-gnu", name), trojan, { mode: 0o755 });
      writeFileSync(join(root, "etc/nsswitch.conf"), "passwd: trojan\ngroup: trojan\n");
      writeFileSync(join(root, "etc/ld.so.preload"), "/lib/x86_64-linux-gnu/libc.so.6\n");
      writeFileSync(join(root, "etc/passwd"), "app:x:1234:4321::/:/bin/sh\n");
    },
    changes: ["USER app"],
  });
  const flags = ["--network", "none", "--name", "trojan", "-u", "app"];
  await engine.dockerOutput("create", ...flags, "trojan", "/bin/busybox", "sleep", "1000");
});
afterAll(() => engine[Symbol.asyncDispose]());

const compressed = (program: string, data: Uint8Array): Uint8Array =>
  Bun.spawnSync([program, "-c"], { stdin: data }).stdout;

test.each(["created", "running"])("no copy to or from a container that is %s runs anything of it", async (state) => {
  if (state === "running") await engine.dockerOutput("start", "trojan");
  const tar = writeTar([{ type: "file", name: "copied", data: Buffer.from("text") }]);
  const archives = [tar, ...["gzip", "bzip2", "xz", "zstd"].map((program) => compressed(program, tar))];
  for (const archive of archives) {
    for (const flags of [[], ["-a"]]) {
      expect(await engine.dockerWith({ stdin: archive }, "cp", ...flags, "-", "trojan:/tmp")).toMatchObject({
        exitCode: 0,
      });
    }
  }
  const out = join(engine.dir, "out");
  await engine.dockerOutput("cp", "trojan:/", out);
  await engine.tareOutput("cp", "trojan:/tmp/copied", join(engine.dir, "copied"));
  expect(readFileSync(join(engine.dir, "copied"), "utf8")).toBe("text");
  rmSync(out, { recursive: true });
  await engine.dockerOutput("diff", "trojan");
  await engine.dockerOutput("export", "-o", join(engine.dir, "exported"), "trojan");
  expect(existsSync(mark)).toBe(false);
});

test("the container's own user is found in its own files, without anybody's help", async () => {
  const listing = await engine.docker("cp", "trojan:/tmp/copied", "-");
  await Bun.write(join(engine.dir, "listing.tar"), listing.stdout);
  const shown = Bun.spawnSync(["tar", "-tvf", join(engine.dir, "listing.tar"), "--numeric-owner"]).stdout.toString();
  expect(shown).toContain("1234/4321");
});
