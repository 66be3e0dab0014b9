import { expect, test } from "bun:test";
import { finishing } from "./async-iterator.ts";

async function* letters(): AsyncGenerator<string> {
  yield "a";
  yield "b";
}

async function* failing(): AsyncGenerator<string> {
  yield "a";
  throw new Error("no more");
}

function counted(source: AsyncIterable<string>): { items: AsyncIterableIterator<string>; finished: () => number } {
  let finished = 0;
  return { items: finishing(source, () => void finished++), finished: () => finished };
}

test("finishing() passes everything on and finishes once at the end", async () => {
  const { items, finished } = counted(letters());
  expect(await Array.fromAsync(items)).toEqual(["a", "b"]);
  await items.return?.();
  expect(finished()).toBe(1);
});

test("finishing() finishes when the source fails", async () => {
  const { items, finished } = counted(failing());
  expect(Array.fromAsync(items)).rejects.toThrow("no more");
  await Bun.sleep(0);
  expect(finished()).toBe(1);
});

test("finishing() finishes when the rest is not wanted, or nothing ever was", async () => {
  const early = counted(letters());
  for await (const item of early.items) if (item === "a") break;
  expect(early.finished()).toBe(1);
  const never = counted(letters());
  await never.items.return?.();
  expect(never.finished()).toBe(1);
});
