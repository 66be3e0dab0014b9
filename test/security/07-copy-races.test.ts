/**
 * SECURITY rows 6 and 7, copies that are raced (CVE-2018-15664, GHSA-vp62-88p7-qqf5, GHSA-rg2x-37c3-w2rh): a container exchanges a directory
 * and a link to the host while archives of it are asked for and unpacked. What lies outside is neither shown nor touched.
 */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TarMember, writeTar } from "../../src/base/tar/writer.ts";
import { TestEngine } from "../harness/engine.ts";
import { makeImage } from "./hostile-image.ts";

let engine: TestEngine;
/** A directory of the host that no container is given. */
let outside: string;

beforeAll(async () => {
  engine = await TestEngine.start();
  await makeImage(engine, { name: "racer", exploits: { "bin/swap": "swap" } });
  outside = join(engine.dir, "outside");
  mkdirSync(join(outside, "deep"), { recursive: true });
  writeFileSync(join(outside, "secret"), "secret");
  writeFileSync(join(outside, "deep/secret"), "secret");
  await race("runs", "/s");
  // One that does not run shares a volume with one that races.
  await race("shares", "/v/s", "-v", "raced:/v");
  await engine.dockerOutput("create", "--network", "none", "--name", "stopped", "-v", "raced:/v", "racer", "true");
});
afterAll(() => engine[Symbol.asyncDispose]());

/** A container that exchanges the directory `target` and a link to the host's `outside`. */
async function race(name: string, directory: string, ...options: readonly string[]): Promise<void> {
  const make = `mkdir -p ${directory}/target/deep && cd ${directory} && echo inside >target/file && ln -s ${outside} link`;
  const script = `${make} && exec swap ${directory}/target ${directory}/link`;
  const flags = ["--network", "none", "--name", name, ...options];
  await engine.dockerOutput("run", "-d", ...flags, "racer", "sh", "-c", script);
}

async function call(method: string, container: string, path: string, body?: Uint8Array): Promise<[number, string]> {
  const query = `path=${encodeURIComponent(path)}&noOverwriteDirNonDir=0`;
  const response = await fetch(`http://engine/v1.47/containers/${container}/archive?${query}`, {
    unix: engine.socketPath,
    method,
    ...(body === undefined ? {} : { body: Buffer.from(body) }),
  });
  return [response.status, (await response.text()) + (response.headers.get("x-docker-container-path-stat") ?? "")];
}

const CASES = [
  ["a container that runs", "runs", "/s", 1000],
  // Its root is mounted for every copy.
  ["a volume that a container which does not run has as well", "stopped", "/v/s", 200],
] as const;

test.each(CASES)(
  "what is copied out of %s is never the host's",
  async (_what, container, directory, copies) => {
    const found = new Set<number>();
    for (let count = 0; count < copies; count++) {
      const path = `${directory}/target/${["", "secret", "file", "deep", "."][count % 5]}`;
      const [status, text] = await call(count % 7 === 0 ? "HEAD" : "GET", container, path);
      expect(text).not.toContain("secret\0");
      expect(status).toBeOneOf([200, 404, 500]);
      found.add(status);
    }
    // The race was one: files were there, and were not.
    expect(found).toContain(200);
    expect(found).toContain(404);
  },
  120_000,
);

const file = (name: string): TarMember => ({ type: "file", name, data: Buffer.from("evil"), mode: 0o4777, uid: 1000 });
const ARCHIVES: readonly (readonly [path: string, members: readonly TarMember[]])[] = [
  ["/target", [file("new")]],
  ["/target", [file("secret"), file("file")]],
  ["/target/deep", [file("secret")]],
  ["", [file("target/secret"), file("target/deep/new")]],
  ["", [{ type: "directory", name: "target/deep", mode: 0o777, uid: 1000 }]],
  [
    "",
    [
      { type: "symlink", name: "target/new", linkName: "x" },
      { type: "link", name: "hard", linkName: "target/secret" },
    ],
  ],
];

test.each(CASES)(
  "what is copied into %s never arrives on the host",
  async (_what, container, directory, copies) => {
    const before = stateOf(outside);
    const found = new Set<number>();
    for (let count = 0; count < copies; count++) {
      const [path, members] = ARCHIVES[count % ARCHIVES.length] ?? ["", []];
      const [status] = await call("PUT", container, directory + path, writeTar(members));
      found.add(status);
    }
    expect(stateOf(outside)).toEqual(before);
    expect(found).toContain(200);
    expect(found).toContain(404);
  },
  120_000,
);

function stateOf(directory: string): string[] {
  return ["", "deep"].flatMap((name) => {
    const path = join(directory, name);
    const { mode, uid, mtimeMs } = statSync(path);
    const files = readdirSync(path).map((entry) => {
      const about = statSync(join(path, entry));
      const text = about.isFile() ? readFileSync(join(path, entry), "utf8") : "";
      return `${entry} ${about.mode} ${about.uid} ${about.nlink} ${about.mtimeMs} ${text}`;
    });
    return [`${name} ${mode} ${uid} ${mtimeMs}`, ...files];
  });
}

test("an absolute link inside, such as /var/run to /run, is followed all the same", async () => {
  await engine.dockerOutput("run", "-d", "--network", "none", "--name", "honest", "racer", "sleep", "1000");
  await engine.dockerOutput("exec", "honest", "sh", "-c", "mkdir -p /run/x && ln -s /run /var/run");
  const [status] = await call("PUT", "honest", "/var/run/x", writeTar([file("pid")]));
  expect(status).toBe(200);
  expect(await engine.dockerOutput("exec", "honest", "cat", "/run/x/pid")).toBe("evil");
  expect((await call("GET", "honest", "/var/run/x/pid"))[0]).toBe(200);
});
