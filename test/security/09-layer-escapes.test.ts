/**
 * SECURITY row 9 for layers, tar archives that reach outside (CVE-2014-6407, CVE-2014-9356, CVE-2021-32760, CVE-2025-47290): every one is
 * refused or stays inside the image, in whichever form layers are stored.
 */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { chmodSync, lstatSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TarMember, writeTar } from "../../src/base/tar/writer.ts";
import { TestEngine } from "../harness/engine.ts";
import { busyboxRootfs } from "../harness/images.ts";

let engine: TestEngine;
/** A directory of the host's that must stay as it is. */
let precious: string;
let busybox: Uint8Array<ArrayBuffer>;

const file = (name: string, more: Partial<TarMember> = {}): TarMember => ({
  type: "file",
  name,
  data: Buffer.from("hostile"),
  mode: 0o4777,
  ...more,
});
const symlink = (name: string, linkName: string): TarMember => ({ type: "symlink", name, linkName });
const directory = (name: string): TarMember => ({ type: "directory", name, mode: 0o777, uid: 1000 });
const link = (name: string, linkName: string): TarMember => ({ type: "link", name, linkName });

/** Entries by what they try; `out` is the directory outside. */
const CORPUS: readonly (readonly [string, (out: string) => TarMember[]])[] = [
  ["an absolute name", (out) => [file(`${out}/secret`)]],
  ["dot-dot", (out) => [file(`../../../../../../../..${out}/secret`)]],
  ["dot-dot behind a directory", (out) => [directory("a/b/"), file(`a/b/../../../../../../../../..${out}/secret`)]],
  ["a link as the file", (out) => [symlink("l", `${out}/secret`), file("l")]],
  ["a link as the directory", (out) => [symlink("d", out), file("d/secret")]],
  ["a relative link as the directory", (out) => [symlink("d", `../../../../../../..${out}`), file("d/secret")]],
  ["links in a row", (out) => [symlink("x", "y"), symlink("y", out), file("x/secret")]],
  ["a link to the root", (out) => [symlink("r", "/"), file(`r${out}/secret`)]],
  [
    "a link into /proc",
    () => [symlink("p", "/proc/self/root"), file("p/secret"), symlink("c", "/proc/self/cwd"), file("c/secret")],
  ],
  [
    "a link that takes a directory's place",
    (out) => [directory("d/"), file("d/f"), symlink("d", out), file("d/secret")],
  ],
  ["a directory entry through a link, to change its mode", (out) => [symlink("d", out), directory("d/")]],
  ["a directory entry through a link, with a slash more", (out) => [symlink("d", out), directory("d//./")]],
  ["a hard link to a file outside", (out) => [link("h", `${out}/secret`), file("h")]],
  ["a hard link with dot-dot", (out) => [link("h", `../../../../../../../..${out}/secret`), file("h")]],
  ["a hard link through a link", (out) => [symlink("d", out), link("h", "d/secret"), file("h")]],
  ["a hard link to a link, then written", (out) => [symlink("s", `${out}/secret`), link("h", "s"), file("h")]],
  ["a device in place of the file, then written", () => [{ type: "char", name: "d", major: 1, minor: 1 }, file("d")]],
  ["a whiteout with dot-dot", () => [file(".wh..."), file("a/.wh...")]],
  [
    "a whiteout of a name outside",
    (out) => [file(`../../../../../../../..${out}/.wh.secret`), file(`${out}/.wh..wh..opq`)],
  ],
  ["a name of the archive's own root", () => [file("."), file("/"), file("..")]],
];

const stateOf = (dir: string): string[] =>
  readdirSync(dir).map((name) => {
    const { mode, uid, nlink, mtimeMs } = lstatSync(join(dir, name));
    return `${name} ${mode} ${uid} ${nlink} ${mtimeMs} ${readFileSync(join(dir, name), "utf8")}`;
  });

describe.each([
  ["mounted", "auto"],
  ["extracted", "extracted"],
])("with layers that are %s", (_form, storage) => {
  let before: string[];

  beforeAll(async () => {
    engine = await TestEngine.start({ config: { "layer-storage": storage } });
    precious = join(engine.dir, "precious");
    mkdirSync(precious);
    writeFileSync(join(precious, "secret"), "the host's", { mode: 0o600 });
    chmodSync(precious, 0o700);
    before = stateOf(precious);
    busybox = await busyboxRootfs();
  });

  afterAll(() => engine[Symbol.asyncDispose]());

  test.each(CORPUS)("%s", async (_what, entries) => {
    const [rootEntries, engineEntries] = ["/", engine.dir].map((dir) => readdirSync(dir).sort());
    const tar = Buffer.concat([writeTar(entries(precious)).subarray(0, -1024), busybox]);
    const imported = await engine.dockerWith({ stdin: tar }, "import", "-", "hostile");
    if (imported.exitCode === 0) {
      // Whatever has become of it, a container of it can do no more.
      await engine.docker(
        "run",
        "--rm",
        "hostile",
        "/bin/busybox",
        "sh",
        "-c",
        "for f in /*; do echo more >> $f; done",
      );
    }
    expect(stateOf(precious)).toEqual(before);
    expect(lstatSync(precious).mode & 0o7777).toBe(0o700);
    expect(lstatSync(precious).uid).toBe(0);
    expect(readdirSync("/").sort()).toEqual(rootEntries ?? []);
    expect(readdirSync(engine.dir).sort()).toEqual(engineEntries ?? []);
  });

  test("none of them has stopped the engine, and an honest image still runs", async () => {
    await engine.dockerWith({ stdin: busybox }, "import", "-", "honest");
    expect(await engine.dockerOutput("run", "--rm", "honest", "/bin/busybox", "echo", "well")).toBe("well");
  });
});
