/**
 * SECURITY rows 9 and 10 for copies, archives that reach outside of where they are unpacked, or that speak overlayfs's language: into
 * containers, and out of them by our own command line, where what a container holds is hostile.
 */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TarMember, writeTar } from "../../src/base/tar/writer.ts";
import { TestEngine } from "../harness/engine.ts";
import { ensureBusybox } from "../harness/images.ts";

let engine: TestEngine;
/** A directory of the host's that must stay as it is, bound into the container beside where archives go. */
let precious: string;
let before: string;

beforeAll(async () => {
  engine = await TestEngine.start();
  await ensureBusybox(engine.dockerEnv());
  precious = join(engine.dir, "precious");
  mkdirSync(precious);
  writeFileSync(join(precious, "secret"), "the host's", { mode: 0o600 });
  before = state();
  const flags = ["--network", "none", "--name", "cc", "-v", `${precious}:/bound:ro`];
  await engine.dockerOutput("run", "-d", ...flags, "busybox", "sh", "-c", "mkdir /dst; echo here >/beside; sleep 1000");
});
afterAll(() => engine[Symbol.asyncDispose]());

function state(): string {
  const { mode, uid, mtimeMs } = lstatSync(precious);
  const secret = lstatSync(join(precious, "secret"));
  const text = readFileSync(join(precious, "secret"), "utf8");
  return [
    mode,
    uid,
    mtimeMs,
    readdirSync(precious),
    secret.mode,
    secret.uid,
    secret.nlink,
    secret.mtimeMs,
    text,
  ].join();
}

const file = (name: string, more: Partial<TarMember> = {}): TarMember => ({
  type: "file",
  name,
  data: Buffer.from("hostile"),
  mode: 0o4777,
  ...more,
});
const symlink = (name: string, linkName: string): TarMember => ({ type: "symlink", name, linkName });
const link = (name: string, linkName: string): TarMember => ({ type: "link", name, linkName });
const xattr = (name: string, value: string) => ({ [`SCHILY.xattr.${name}`]: value });

const CORPUS: readonly (readonly [string, (out: string) => readonly TarMember[]])[] = [
  ["an absolute name", (out) => [file(`${out}/secret`)]],
  ["dot-dot", (out) => [file(`../../../../..${out}/secret`)]],
  ["dot-dot to what is beside", () => [file("../beside")]],
  ["a link to the host's directory", (out) => [symlink("d", out), file("d/secret")]],
  ["a climbing link", (out) => [symlink("d", `../../../../../..${out}`), file("d/secret")]],
  ["a link into /proc", () => [symlink("p", "/proc/1/root"), file("p/secret"), file("p/tmp/secret")]],
  ["links in a row", (out) => [symlink("x", "y"), symlink("y", out), file("x/secret")]],
  ["a directory's mode through a link", (out) => [symlink("d", out), { type: "directory", name: "d", mode: 0o777 }]],
  ["a hard link outside", (out) => [link("h", `${out}/secret`), file("h")]],
  ["a hard link with dot-dot", () => [link("h", "../beside"), file("h")]],
  ["a hard link to a link", (out) => [symlink("s", `${out}/secret`), link("h", "s"), file("h")]],
  ["a read-only mount by a link", () => [symlink("b", "/bound"), file("b/secret"), file("b/new")]],
  ["a hard link into a mount", () => [symlink("b", "/bound"), link("h", "b/secret"), file("h")]],
];

test.each(CORPUS)("%s stays in the container", async (_what, members) => {
  await engine.dockerOutput("exec", "cc", "sh", "-c", "rm -rf /dst; mkdir /dst");
  await engine.dockerWith({ stdin: writeTar(members(precious)) }, "cp", "-", "cc:/dst");
  expect(state()).toBe(before);
  expect(await engine.dockerOutput("exec", "cc", "cat", "/beside")).toBe("here");
  expect(existsSync("/secret")).toBe(false);
});

const MARKS: readonly (readonly [string, readonly TarMember[]])[] = [
  ["a device 0:0", [{ type: "char", name: "passwd", major: 0, minor: 0 }]],
  ["an opaque mark", [{ type: "directory", name: "../etc", pax: xattr("trusted.overlay.opaque", "y") }]],
  ["an opaque mark below", [{ type: "directory", name: ".", pax: xattr("trusted.overlay.opaque", "y") }]],
  ["an unprivileged mark", [{ type: "directory", name: "new", pax: xattr("user.overlay.redirect", "/etc") }]],
  ["a redirection", [{ type: "directory", name: "new", pax: xattr("trusted.overlay.redirect", "/etc") }]],
  ["a copy without data", [file("stolen", { pax: xattr("trusted.overlay.metacopy", "") })]],
  ["whiteouts of an image", [file(".wh.passwd"), file(".wh..wh..opq"), file(".wh...")]],
];

test.each(MARKS)("%s hides nothing of the image, now or when the container starts again", async (_what, members) => {
  const passwd = await engine.dockerOutput("exec", "cc", "cat", "/etc/passwd");
  await engine.dockerWith({ stdin: writeTar(members) }, "cp", "-", "cc:/etc");
  expect(await engine.dockerOutput("exec", "cc", "cat", "/etc/passwd")).toBe(passwd);
  await engine.dockerOutput("restart", "-t", "0", "cc");
  expect(await engine.dockerOutput("exec", "cc", "cat", "/etc/passwd")).toBe(passwd);
  expect(await engine.dockerOutput("run", "--rm", "--network", "none", "busybox", "cat", "/etc/passwd")).toBe(passwd);
  expect(await engine.docker("exec", "cc", "ls", "/etc/new/passwd")).toMatchObject({ exitCode: 1 });
});

test("what a container holds stays where the command line was told to put it", async () => {
  const local = join(engine.dir, "local");
  mkdirSync(local);
  const hostile = [
    `ln -s ${precious} /evil/link`,
    `ln -s ../../../../../..${precious} /evil/climb`,
    "mknod /evil/disk b 7 0",
    "mkfifo /evil/pipe",
    "echo x >'/evil/-rf'",
    "cp /bin/busybox /evil/setuid && chmod 6755 /evil/setuid",
  ];
  await engine.dockerOutput("exec", "cc", "sh", "-c", `mkdir /evil; ${hostile.join("; ")}`);
  await engine.tareOutput("cp", "cc:/evil", join(local, "evil"));
  // What the links name is not written to by a second copy, in which they are directories.
  const turn = "cd /evil; rm link climb; mkdir link climb; echo evil >link/secret; echo evil >climb/secret";
  await engine.dockerOutput("exec", "cc", "sh", "-c", turn);
  const again = await engine.tare("cp", "cc:/evil/.", join(local, "evil"));
  expect(again.stderr).toContain("cannot overwrite non-directory");
  expect(state()).toBe(before);
  expect(readdirSync(local)).toEqual(["evil"]);
  expect(statSync(join(local, "evil/setuid")).uid).toBe(process.getuid?.() ?? -1);
});
