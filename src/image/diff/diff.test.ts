/** How images differ: every way in which a file or the configuration can. */
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import type { TarMember } from "../../base/tar/writer.ts";
import type { ImageDiff } from "../../wire/image.ts";
import { idOf, loadImage, openStore, type TestImage, type TestStore } from "../testing.ts";

const file = (name: string, text: string, more: Partial<TarMember> = {}): TarMember => ({
  type: "file",
  name,
  data: Buffer.from(text),
  ...more,
});
const directory = (name: string, mode = 0o755): TarMember => ({ type: "directory", name, mode });
const image = (layers: TarMember[][], config: TestImage["config"] = {}): TestImage => ({ layers, config });

let store: TestStore;
beforeEach(() => {
  store = openStore();
});
afterEach(() => store[Symbol.dispose]());

async function diff(from: TestImage, to: TestImage): Promise<ImageDiff> {
  const ids = [await loadImage(store.images, from), await loadImage(store.images, to)] as const;
  const json = await store.images.diff(ids[0], ids[1], new AbortController().signal);
  return JSON.parse(Buffer.from(json).toString());
}

const LETTERS = ["C", "A", "D"] as const;
async function files(from: TarMember[][], to: TarMember[][]): Promise<string[]> {
  const { Changes } = await diff(image(from), image(to, { Labels: { other: "id" } }));
  return Changes.map(({ Kind, Path }) => `${LETTERS[Kind]} ${Path}`);
}

describe("files", () => {
  const old = [directory("etc"), file("etc/a", "one"), file("etc/b", "two"), file("etc/c", "same")];

  test("that are added, changed and deleted by a layer on top are told apart", async () => {
    const top = [file("etc/a", "ONE"), file("etc/.wh.b", ""), file("etc/new", "")];
    expect(await files([old], [old, top])).toEqual(["C /etc/a", "D /etc/b", "A /etc/new"]);
  });

  test("count by what they are in the end, not by the layers they came in", async () => {
    const [first, ...rest] = old;
    expect(await files([old], [[first ?? directory("etc")], rest])).toEqual([]);
    expect(await files([old], [old, [file("etc/.wh.c", "")], [file("etc/c", "same")]])).toEqual([]);
  });

  test("with another time alone are the same, with another owner, mode or attribute they are not", async () => {
    const with_ = (more: Partial<TarMember>): TarMember[] => [file("f", "x", more)];
    expect(await files([with_({ mtimeSec: 1 })], [with_({ mtimeSec: 2 })])).toEqual([]);
    expect(await files([with_({})], [with_({ uid: 7 })])).toEqual(["C /f"]);
    expect(await files([with_({})], [with_({ mode: 0o4755 })])).toEqual(["C /f"]);
    expect(await files([with_({})], [with_({ pax: { "SCHILY.xattr.user.a": "b" } })])).toEqual(["C /f"]);
  });

  test("in a directory that is emptied, deleted or replaced by a file", async () => {
    const tree = [directory("d"), file("d/x", "1"), file("d/y", "2")];
    expect(await files([tree], [tree, [file("d/.wh..wh..opq", ""), file("d/z", "3")]])).toEqual([
      "D /d/x",
      "D /d/y",
      "A /d/z",
    ]);
    expect(await files([tree], [tree, [file(".wh.d", "")]])).toEqual(["D /d"]);
    expect(await files([tree], [tree, [file("d", "a file")]])).toEqual(["C /d"]);
    expect(await files([[file("d", "a file")]], [tree])).toEqual(["C /d", "A /d/x", "A /d/y"]);
    expect(await files([tree], [tree, [directory("d", 0o700)]])).toEqual(["C /d"]);
  });

  test("that are links and devices", async () => {
    const links = (target: string, minor: number): TarMember[] => [
      { type: "symlink", name: "l", linkName: target },
      { type: "char", name: "n", major: 1, minor },
    ];
    expect(await files([links("a", 3)], [links("a", 3), []])).toEqual([]);
    expect(await files([links("a", 3)], [links("b", 5)])).toEqual(["C /l", "C /n"]);
  });

  test("that a layer links to from below", async () => {
    const base = [file("a", "text")];
    const top: TarMember[] = [{ type: "link", name: "b", linkName: "a" }];
    const { Changes } = await diff(image([base]), image([base, top]));
    expect(Changes).toEqual([{ Path: "/b", Kind: 1, Size: 4, OldSize: 0 }]);
  });

  test("with their sizes now and before", async () => {
    const { Changes } = await diff(image([[file("f", "long text")]]), image([[file("f", "x")]]));
    expect(Changes).toEqual([{ Path: "/f", Kind: 0, Size: 1, OldSize: 9 }]);
  });
});

test("the configuration's fields are compared, each as text", async () => {
  const old = image([], { Cmd: ["a"], Env: ["A=1"], User: "u" });
  const now = image([], { Cmd: ["b"], Env: ["A=1"], Labels: { l: "v" } });
  const { Config } = await diff(old, now);
  expect(Config).toEqual([
    { Field: "Cmd", From: '["a"]', To: '["b"]' },
    { Field: "Labels", From: "", To: '{"l":"v"}' },
    { Field: "User", From: "u", To: "" },
  ]);
});

test("an image does not differ from itself, and an unknown one is not found", async () => {
  const one = image([[file("f", "x")]]);
  expect(await diff(one, one)).toEqual({ Config: [], Changes: [] });
  const signal = new AbortController().signal;
  await expect(store.images.diff(idOf(one), "nosuch", signal)).rejects.toThrow("No such image: nosuch:latest");
});
