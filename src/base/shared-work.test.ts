/** Work that is shared, and slots that are few. */
import { describe, expect, test } from "bun:test";
import { SharedWork } from "./shared-work.ts";
import { Slots } from "./slots.ts";

describe("SharedWork", () => {
  const participant = (signal = new AbortController().signal) => {
    const heard: string[] = [];
    return { heard, signal, report: (event: string) => void heard.push(event) };
  };

  test("is done once for all who ask, and tells each what happens; who comes later hears the newest word", async () => {
    const shared = new SharedWork<number, string>();
    const gate = Promise.withResolvers<void>();
    let runs = 0;
    const work = async (report: (event: string) => void): Promise<number> => {
      runs++;
      report("begun");
      await gate.promise;
      report("done");
      return 7;
    };
    const [one, two] = [participant(), participant()];
    const results = [shared.join("k", one, work), shared.join("k", two, work)];
    gate.resolve();
    expect(await Promise.all(results)).toEqual([7, 7]);
    expect([runs, one.heard, two.heard]).toEqual([1, ["begun", "done"], ["begun", "done"]]);
    await shared.join("k", participant(), work);
    expect(runs).toBe(2);
  });

  test("goes on while anybody wants it, and stops when the last one has left", async () => {
    const shared = new SharedWork<void, string>();
    let reason: unknown;
    const cleaned = Promise.withResolvers<void>();
    const work = async (_report: unknown, signal: AbortSignal): Promise<void> => {
      await new Promise((resolve) => signal.addEventListener("abort", resolve));
      reason = signal.reason;
      cleaned.resolve();
      throw new Error("stopped");
    };
    const [first, second] = [new AbortController(), new AbortController()];
    const one = shared.join("k", participant(first.signal), work).catch((error: unknown) => error);
    const two = shared.join("k", participant(second.signal), work).catch((error: unknown) => error);
    const gone = new Error("gone");
    first.abort(gone);
    expect(await one).toBe(gone);
    expect(reason).toBeUndefined();
    second.abort(gone);
    // The last one waits for the work to clean up.
    expect(await two).toBe(gone);
    await cleaned.promise;
    expect(reason).toBe(gone);
  });

  test("that failed is done anew for the next who asks", async () => {
    const shared = new SharedWork<number, string>();
    let runs = 0;
    const work = async (): Promise<number> => {
      if (++runs === 1) throw new Error("no");
      return runs;
    };
    await shared.join("k", participant(), work).catch(() => undefined);
    expect(await shared.join("k", participant(), work)).toBe(2);
  });
});

describe("Slots", () => {
  const patient = new AbortController().signal;

  test("are given out in the order of asking", async () => {
    const slots = new Slots(1);
    const order: number[] = [];
    const use = async (name: number): Promise<void> => {
      using _slot = await slots.acquire(patient);
      order.push(name);
      await Promise.resolve();
    };
    await Promise.all([use(1), use(2), use(3)]);
    expect([order, slots.busy]).toEqual([[1, 2, 3], false]);
  });

  test("are not lost by those who stop waiting, nor given back twice", async () => {
    const slots = new Slots(1);
    const held = await slots.acquire(patient);
    const leave = new AbortController();
    const waiting = slots.acquire(leave.signal);
    leave.abort(new Error("gone"));
    expect(waiting).rejects.toThrow("gone");
    held[Symbol.dispose]();
    held[Symbol.dispose]();
    using _one = await slots.acquire(patient);
    expect(slots.busy).toBe(true);
  });
});
