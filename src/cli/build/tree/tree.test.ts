/** Which entries of a directory are sent, and what is said of them. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { chmodSync, linkSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { FileStat, FilesWanted, OutgoingTree } from "../../../wire/file-transfer.ts";
import { followPaths } from "./follow.ts";
import { localTree } from "./local-tree.ts";
import { memoryTree } from "./memory-tree.ts";

let root: string;
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), "build-tree-"));
  for (const path of ["a.txt", "b.md", "src/x.ts", "src/deep/y.ts", "src-old/z.ts", "node_modules/m/index.js", "ä/ö"]) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), path);
  }
  symlinkSync("src/deep", join(root, "link"));
  symlinkSync("/a.txt", join(root, "src/absolute"));
  symlinkSync("../../outside", join(root, "src/out"));
  symlinkSync("loop", join(root, "loop"));
  linkSync(join(root, "a.txt"), join(root, "c.txt"));
  chmodSync(join(root, "b.md"), 0o4751);
  utimesSync(join(root, "b.md"), 1_000_000_000.5, 1_000_000_000.5);
});
afterAll(() => rmSync(root, { recursive: true }));

const ALL: FilesWanted = { include: [], exclude: [], follow: [] };
const allOf = async ({ entries }: OutgoingTree): Promise<FileStat[]> => (await Array.fromAsync(entries)).flat();
const sent = async (wanted: Partial<FilesWanted>): Promise<string[]> =>
  (await allOf(localTree(root, { ...ALL, ...wanted }))).map(({ path }) => path);

test("entries come parents first, in the order of their components", async () => {
  expect(await sent({})).toEqual([
    "a.txt",
    "b.md",
    "c.txt",
    "link",
    "loop",
    "node_modules",
    "node_modules/m",
    "node_modules/m/index.js",
    "src",
    "src/absolute",
    "src/deep",
    "src/deep/y.ts",
    "src/out",
    "src/x.ts",
    "src-old",
    "src-old/z.ts",
    "ä",
    "ä/ö",
  ]);
});

describe("what is left out", () => {
  test.each([
    ["a directory with all it holds", ["node_modules", "src*", "ä"], ["a.txt", "b.md", "c.txt", "link", "loop"]],
    [
      "what patterns match anywhere",
      ["**/*.ts", "**/*.js", "**/*o*", "link", "ä"],
      ["a.txt", "b.md", "c.txt", "src", "src/deep"],
    ],
    [
      "all but exceptions, with the directories that lead to them",
      ["*", "!src/deep/y.ts"],
      ["src", "src/deep", "src/deep/y.ts"],
    ],
    ["nothing by a pattern that matches nothing", ["nowhere", "!nowhere"], undefined],
  ])("is %s", async (_, exclude, paths) => {
    expect(await sent({ exclude })).toEqual(paths ?? (await sent({})));
  });
});

describe("what is asked for", () => {
  test.each([
    [["a.txt"], ["a.txt"]],
    [["src/deep"], ["src", "src/deep", "src/deep/y.ts"]],
    [["src/deep/../x.ts"], ["src", "src/x.ts"]],
    [["link"], ["link", "src", "src/deep", "src/deep/y.ts"]],
    [["link/y.ts"], ["link", "src", "src/deep", "src/deep/y.ts"]],
    [["src/absolute"], ["a.txt", "src", "src/absolute"]],
    [["src/out"], ["src", "src/out"]],
    [["*.txt"], ["a.txt", "c.txt"]],
    [["s*/*.ts"], ["src", "src/x.ts", "src-old", "src-old/z.ts"]],
    [["loop"], ["loop"]],
    [["nowhere"], []],
    [["ä/ö"], ["ä", "ä/ö"]],
  ])("%j brings %j", async (follow, paths) => {
    expect(await sent({ follow })).toEqual(paths);
  });

  test("all of it is one of the paths", async () => {
    expect(await sent({ follow: ["a.txt", "/"] })).toEqual(await sent({}));
    expect(await sent({ follow: ["."] })).toEqual(await sent({}));
  });

  test("what is left out stays so", async () => {
    expect(await sent({ follow: ["src"], exclude: ["**/*.ts"] })).toEqual([
      "src",
      "src/absolute",
      "src/deep",
      "src/out",
    ]);
  });

  test("patterns match like paths do", async () => {
    expect(await sent({ include: ["src/**/*.ts", "b.*"] })).toEqual([
      "b.md",
      "src",
      "src/deep",
      "src/deep/y.ts",
      "src/x.ts",
    ]);
  });

  test("a link never leads out of the directory", () => {
    expect([...followPaths(root, ["src/out/etc"])]).toEqual(["src/out", "outside/etc"]);
  });
});

test("an entry is described without its owner; a second name of a file names the first", async () => {
  const entries = await allOf(localTree(root, ALL));
  const at = (path: string) => entries.find((entry) => entry.path === path);
  const owner = { uid: 0, gid: 0 };
  expect(at("b.md")).toMatchObject({
    ...owner,
    type: "file",
    mode: 0o4751,
    size: 4,
    mtimeNs: 1_000_000_000_500_000_000n,
  });
  expect(at("c.txt")).toMatchObject({ ...owner, type: "file", linkName: "a.txt", size: 0 });
  expect(at("link")).toMatchObject({ ...owner, type: "symlink", linkName: "src/deep", mode: 0o777 });
  expect(at("src")).toMatchObject({ ...owner, type: "directory", size: 0 });
});

test("contents are those of the file", async () => {
  const pieces = await Array.fromAsync(localTree(root, ALL).read("src/deep/y.ts"));
  expect(Buffer.concat(pieces).toString()).toBe("src/deep/y.ts");
});

test("a directory that is on no disk answers the same questions", async () => {
  const files = new Map([["Dockerfile", Buffer.from("FROM scratch\n")]]);
  const wanted = { ...ALL, follow: ["Dockerfile", "Dockerfile.dockerignore", "dockerfile"] };
  const tree = memoryTree(files, wanted);
  expect(await allOf(tree)).toMatchObject([{ path: "Dockerfile", type: "file", size: 13 }]);
  expect(Buffer.concat(await Array.fromAsync(tree.read("Dockerfile"))).toString()).toBe("FROM scratch\n");
  expect(await allOf(memoryTree(files, { ...ALL, follow: [".dockerignore"] }))).toEqual([]);
});
