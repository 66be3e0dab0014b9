import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { gzipSync, zstdCompressSync } from "node:zlib";
import { writeTar } from "../base/tar/writer.ts";
import type { ProgressLine } from "../wire/image.ts";
import type { ImportOptions } from "./import.ts";
import { chunks, openStore, type TestStore } from "./testing.ts";

let store: TestStore;

beforeEach(() => {
  store = openStore();
});

afterEach(() => store[Symbol.dispose]());

const TARBALL = writeTar([{ type: "file", name: "hello", data: Buffer.from("hello") }]);

function importAll(tarball: Uint8Array, options: Partial<ImportOptions> = {}): Promise<ProgressLine[]> {
  const all = { repo: "imported", tag: "", message: "", changes: [], platform: "", ...options };
  return Array.fromAsync(store.images.import({ body: chunks(tarball) }, all));
}

describe("import()", () => {
  test("makes an image of one layer, changed and described as asked", async () => {
    const [line] = await importAll(TARBALL, {
      tag: "v1",
      message: "from a test",
      changes: ['CMD ["x"]', "ENV A=b\nUSER 5"],
      platform: "linux/arm64/v8",
    });
    const image = store.images.inspect("imported:v1");
    expect(line).toEqual({ status: image.Id });
    expect(image).toMatchObject({
      Comment: "from a test",
      Architecture: "arm64",
      Os: "linux",
      Size: 5,
      Config: { Cmd: ["x"], Env: ["A=b"], User: "5" },
    });
    expect(store.images.history("imported:v1")).toMatchObject([{ Comment: "from a test", Size: 5 }]);
    expect(store.events).toEqual(["tag imported:v1", `import ${image.Id}`]);
  });

  test.each([
    ["gzip", gzipSync],
    ["zstd", zstdCompressSync],
  ])("takes a tarball in %s for the same layer", async (_name, pack) => {
    await importAll(TARBALL, { repo: "plain" });
    await importAll(Buffer.from(pack(TARBALL)), { repo: "packed" });
    expect(store.images.inspect("packed").RootFS).toEqual(store.images.inspect("plain").RootFS);
    expect(readdirSync(join(store.dir, "images/tmp"))).toEqual([]);
  });

  test("without a name makes an image that only its id finds", async () => {
    const [line] = await importAll(TARBALL, { repo: "" });
    expect(store.images.inspect(line!.status!).RepoTags).toEqual([]);
  });

  test.each([
    [
      "a bad name",
      TARBALL,
      { repo: "Foo" },
      "invalid reference format: repository name (library/Foo) must be lowercase",
    ],
    ["a bad tag", TARBALL, { tag: "--" }, "invalid tag format"],
    ["a change that runs something", TARBALL, { changes: ["RUN x"] }, "RUN is not a valid change command"],
    ["another operating system", TARBALL, { platform: "windows/amd64" }, "operating system is not supported"],
    [
      "a platform that is none",
      TARBALL,
      { platform: "a/b/c/d" },
      '"a/b/c/d": cannot parse platform specifier: invalid argument',
    ],
    ["random bytes", Buffer.from("x".repeat(2000)), {}, "archive/tar: invalid tar header"],
    ["a tarball cut off", gzipSync(TARBALL).subarray(0, 60), {}, "unexpected EOF"],
  ])("refuses %s and leaves nothing", async (_what, tarball, options, message) => {
    await expect(importAll(tarball, options)).rejects.toThrow(message);
    expect(readdirSync(join(store.dir, "images/layers"))).toEqual([]);
    expect(readdirSync(join(store.dir, "images/tmp"))).toEqual([]);
  });
});

describe("importFrom()", () => {
  const options = { repo: "fetched", tag: "1", message: "", changes: [], platform: "" };
  const importFrom = (url: string): Promise<ProgressLine[]> =>
    Array.fromAsync(store.images.importFrom(url, options, new AbortController().signal));

  test("fetches the tarball, and says so first and in the image", async () => {
    using server = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: () => new Response(Uint8Array.from(TARBALL)) });
    const url = `http://127.0.0.1:${server.port}/root.tar`;
    const [first, second] = await importFrom(url);
    const { Id, Comment } = store.images.inspect("fetched:1");
    expect([first, second]).toEqual([{ status: `Downloading from ${url}` }, { status: Id }]);
    expect(Comment).toBe(`Imported from ${url}`);
  });

  test("tells what the server says when it has none", async () => {
    const fetch = (): Response => new Response("gone away", { status: 404, statusText: "Not Found" });
    using server = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch });
    const url = `http://127.0.0.1:${server.port}/x`;
    await expect(importFrom(url)).rejects.toThrow(`failed to GET ${url} with status 404 Not Found: gone away`);
  });

  test.each(["http://127.0.0.1:1/x", "file:///etc/passwd"])("refuses %s before the first line", async (url) => {
    await expect(importFrom(url)).rejects.toThrow(url.startsWith("file") ? "no http or https URL" : `Get "${url}"`);
    expect(store.images.count()).toBe(0);
  });
});
