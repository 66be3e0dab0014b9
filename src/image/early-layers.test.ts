import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { randomBytes } from "node:crypto";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { type TarMember, writeTar } from "../base/tar/writer.ts";
import type { ProgressLine } from "../wire/image.ts";
import { chunks, dockerMembers, idOf, openStore, type TestImage, type TestStore } from "./testing.ts";

const LARGE: TestImage = {
  layers: [[{ type: "file", name: "large", data: randomBytes(3_000_000) }], [{ type: "file", name: "small" }]],
  tags: ["large:1"],
};
const ARCHIVE = writeTar(dockerMembers([LARGE]));

let store: TestStore;
beforeEach(() => {
  store = openStore();
});
afterEach(() => store[Symbol.dispose]());

const temporaries = (): string[] => readdirSync(join(store.dir, "images/tmp"));
/** Directories that hold a layer which is being staged, or has been. */
const staged = (): number =>
  temporaries().filter((name) => existsSync(join(store.dir, "images/tmp", name, "layer"))).length;

const load = (body: AsyncIterable<Uint8Array>): Promise<ProgressLine[]> =>
  Array.fromAsync(store.images.load({ body }, { quiet: true }));

/** The archive, whose end only comes once `condition` holds. */
async function* heldBack(bytes: Uint8Array, condition: () => boolean): AsyncGenerator<Uint8Array> {
  yield* chunks(bytes.subarray(0, -4096));
  while (!condition()) await Bun.sleep(5);
  yield bytes.subarray(-4096);
}

describe("a large layer", () => {
  test("is staged before the rest of the archive is there, and only once", async () => {
    let most = 0;
    const isStaged = (): boolean => {
      most = Math.max(most, staged());
      return most > 0;
    };
    expect(await load(heldBack(ARCHIVE, isStaged))).toEqual([{ stream: "Loaded image: large:1\n" }]);
    expect(most).toBe(1);
    expect(store.images.inspect("large:1").Id).toBe(idOf(LARGE));
    expect(temporaries()).toEqual([]);
  });

  test("of an archive that is cut off leaves nothing", async () => {
    async function* cut(): AsyncGenerator<Uint8Array> {
      yield* chunks(ARCHIVE.subarray(0, 2_000_000));
      while (staged() === 0) await Bun.sleep(5);
    }
    expect(await load(cut())).toMatchObject([{ error: "unexpected EOF" }]);
    expect(temporaries()).toEqual([]);
  });

  test("of an archive whose sender fails leaves nothing", async () => {
    async function* failing(): AsyncGenerator<Uint8Array> {
      yield* chunks(ARCHIVE.subarray(0, 2_000_000));
      while (staged() === 0) await Bun.sleep(5);
      throw new Error("the sender is gone");
    }
    expect(await load(failing())).toMatchObject([{ error: "the sender is gone" }]);
    expect(temporaries()).toEqual([]);
  });

  test("that the image says is another one is refused", async () => {
    const [layer, ...rest] = dockerMembers([LARGE]);
    const other = writeTar([{ type: "file", name: "large", data: randomBytes(3_000_000) }]);
    if (layer === undefined) throw new Error("the archive has no layer");
    const [line] = await load(chunks(writeTar([{ ...layer, data: other }, ...rest])));
    expect(line?.error).toMatch(/^invalid (digest|diffID) for layer 0: expected /);
    expect(temporaries()).toEqual([]);
  });
});

test.each<[string, Buffer]>([
  ["no archive", randomBytes(2_000_000)],
  ["an archive that nobody asks for", writeTar([{ type: "file", name: "x", data: randomBytes(1_500_000) }])],
])("a large member that is %s does not get in the way", async (_what, data) => {
  const stranger: TarMember = { type: "file", name: "stranger", data };
  const [line] = await load(chunks(writeTar([stranger, ...dockerMembers([LARGE])])));
  expect(line).toEqual({ stream: "Loaded image: large:1\n" });
  expect([readdirSync(join(store.dir, "images/layers")).length, temporaries()]).toEqual([2, []]);
});
