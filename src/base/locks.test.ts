import { expect, test } from "bun:test";
import { KeyedLocks } from "./locks.ts";

test("acquire() gives a key to one at a time, in the order of asking, and other keys at once", async () => {
  const locks = new KeyedLocks();
  const order: string[] = [];
  const action = async (key: string, name: string): Promise<void> => {
    using _held = await locks.acquire(key);
    order.push(`${name} begins`);
    await Bun.sleep(1);
    order.push(`${name} ends`);
  };
  await Promise.all([action("a", "first"), action("a", "second"), action("b", "other")]);
  expect(order.filter((line) => !line.startsWith("other"))).toEqual([
    "first begins",
    "first ends",
    "second begins",
    "second ends",
  ]);
  expect(order.indexOf("other begins")).toBeLessThan(order.indexOf("first ends"));
});

test("idle() resolves when the last holder and everyone waiting are done", async () => {
  const locks = new KeyedLocks();
  const first = await locks.acquire("a");
  let second = false;
  const waiting = locks.acquire("a").then((held) => {
    second = true;
    held[Symbol.dispose]();
  });
  queueMicrotask(() => first[Symbol.dispose]());
  await locks.idle();
  expect(second).toBe(true);
  await waiting;
});
