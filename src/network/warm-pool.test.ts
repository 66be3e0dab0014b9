import { expect, test } from "bun:test";
import { WarmPool } from "./warm-pool.ts";

function createPool({ least = 2, most = 8 } = {}) {
  const state = { made: 0, alive: 0, failures: [] as unknown[], failing: false, concurrent: 0, mostConcurrent: 0 };
  const pool = new WarmPool<number>({
    least,
    most,
    make: async () => {
      state.concurrent++;
      state.mostConcurrent = Math.max(state.mostConcurrent, state.concurrent);
      await Promise.resolve();
      state.concurrent--;
      if (state.failing) throw new Error("cannot make one");
      state.alive++;
      return ++state.made;
    },
    discard: () => {
      state.alive--;
    },
    onFailure: (error) => state.failures.push(error),
  });
  return { pool, state };
}

test("a filled pool gives what lies ready at once, and no more than one is made at a time", async () => {
  const { pool, state } = createPool();
  await pool.fill();
  expect([pool.size, pool.take(), pool.take()]).toEqual([2, 1, 2]);
  expect(state.mostConcurrent).toBe(1);
  await pool.close();
});

test("an empty pool serves everyone who asks, each something else, and grows to its limit", async () => {
  const { pool, state } = createPool();
  const taken = await Promise.all(Array.from({ length: 40 }, () => pool.take()));
  expect(new Set(taken).size).toBe(40);
  await pool.fill();
  expect(pool.size).toBe(8);
  expect(state.mostConcurrent).toBe(1);
  await pool.close();
});

test("a failure goes to the one who waits, and the next take tries again", async () => {
  const { pool, state } = createPool();
  state.failing = true;
  const failure = await Promise.resolve(pool.take()).catch(String);
  expect(failure).toBe("Error: cannot make one");
  await pool.fill();
  expect(state.failures).toHaveLength(1);
  state.failing = false;
  expect(await pool.take()).toBe(1);
  await pool.close();
});

test("closing discards what lies ready and what is being made, and refuses who waits or comes later", async () => {
  const { pool, state } = createPool();
  await pool.fill();
  await Promise.all([pool.take(), pool.take()]);
  const late = Promise.resolve(pool.take()).catch(String);
  await pool.close();
  expect(await late).toBe("Error: the pool is closed");
  expect(await Promise.resolve(pool.take()).catch(String)).toBe("Error: the pool is closed");
  expect(state.alive).toBe(2);
});
