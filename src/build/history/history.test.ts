import { Database } from "bun:sqlite";
import { expect, test } from "bun:test";
import { createLogger } from "../../base/log.ts";
import type { History, NewRecord } from "../builder.ts";
import type { ProgressEvent } from "../progress.ts";
import { HistoryArchive } from "./archive.ts";
import { createHistory } from "./history.ts";

const log = createLogger(() => undefined);
const opened = (db: Database): History => createHistory(new HistoryArchive(db), log);
const newDatabase = (): Database => new Database(":memory:", { strict: true });

const named = (ref: string): NewRecord => ({
  ref,
  internal: false,
  attributes: new Map([["target", "app"]]),
  exporters: [{ type: "image", attributes: new Map([["name", "app:1"]]) }],
});

const ATTACHMENT = { platform: "", predicateType: "https://slsa.dev/provenance/v0.2", digest: "sha256:dd", text: "{}" };

const EVENTS: readonly ProgressEvent[] = [
  { kind: "vertex", digest: "sha256:aa", name: "[1/1] RUN x", inputs: [], started: 1.5 },
  { kind: "log", vertex: "sha256:aa", stream: "stderr", at: 2, bytes: Uint8Array.from([0, 255, 10]) },
  { kind: "vertex", digest: "sha256:aa", name: "[1/1] RUN x", inputs: [], started: 1.5, completed: 3, cached: true },
  { kind: "warning", vertex: "sha256:aa", level: 1, short: "s", detail: ["d"], url: "u", place: undefined },
];

function build(history: History, ref: string): void {
  const record = history.begin(named(ref));
  for (const event of EVENTS) record.report(event);
  record.end({ answers: new Map([["image.name", "app:1"]]), attachments: [ATTACHMENT] });
}

async function told(history: History, ref: string): Promise<ProgressEvent[]> {
  return Array.fromAsync(history.progress(ref, new AbortController().signal));
}

/** The archive is written behind the end of a build. */
async function archived(db: Database, count: number): Promise<void> {
  const stored = (): number => db.query<{ n: number }, []>("SELECT count(*) AS n FROM build_history").get()?.n ?? 0;
  while (stored() < count) await new Promise((resolve) => setImmediate(resolve));
}

test("what a build told is told again by the next engine", async () => {
  const db = newDatabase();
  const first = opened(db);
  build(first, "one");
  await archived(db, 1);
  const next = opened(db);
  expect(next.list()).toEqual(first.list());
  expect(next.attachment("sha256:dd")).toBe("{}");
  expect(next.attachment("sha256:ee")).toBeUndefined();
  expect(next.list()).toMatchObject([
    { ref: "one", state: "complete", warnings: 1, steps: { total: 1, completed: 1, cached: 1 } },
  ]);
  expect(await told(next, "one")).toEqual([...EVENTS]);
  expect(await told(first, "one")).toEqual([...EVENTS]);
});

test("who listens while a build runs hears all of it", async () => {
  const history = opened(newDatabase());
  const record = history.begin(named("live"));
  const hearing = told(history, "live");
  for (const event of EVENTS) {
    record.report(event);
    await Promise.resolve();
  }
  record.end({ error: "failed" });
  expect(await hearing).toEqual([...EVENTS]);
});

test("a listener that comes before its build waits for it", async () => {
  const history = opened(newDatabase());
  const hearing = told(history, "later");
  build(history, "later");
  expect(await hearing).toEqual([...EVENTS]);
});

test("a build that is deleted is gone from the archive, and its name is free", async () => {
  const db = newDatabase();
  const history = opened(db);
  build(history, "one");
  await history.update("one", { delete: true });
  build(history, "two");
  await archived(db, 1);
  expect(
    opened(db)
      .list()
      .map(({ ref }) => ref),
  ).toEqual(["two"]);
  await expect(history.update("one", { pinned: true })).rejects.toThrow("failed to find record one: not found");
});

test("the oldest are forgotten, but not those that are pinned", async () => {
  const db = newDatabase();
  const history = opened(db);
  build(history, "pinned");
  await history.update("pinned", { pinned: true });
  for (let at = 0; at < 60; at++) build(history, `b${at}`);
  await archived(db, 51);
  const refs = opened(db)
    .list()
    .map(({ ref }) => ref);
  expect(refs).toHaveLength(51);
  expect(refs).toContain("pinned");
  expect(refs).not.toContain("b9");
  expect(refs).toContain("b10");
});

test("two running builds do not share a name", () => {
  const history = opened(newDatabase());
  history.begin(named("one"));
  expect(() => history.begin(named("one"))).toThrow("build one already exists");
});
