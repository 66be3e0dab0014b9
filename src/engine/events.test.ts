import { expect, test } from "bun:test";
import { parseFilters } from "../wire/filters.ts";
import { EventBus, matchesEvent } from "./events.ts";

const start = {
  type: "container",
  action: "start",
  id: "abc123",
  attributes: { name: "web", image: "nginx:1", tier: "front" },
} as const;

async function collect(bus: EventBus, count: number, since?: bigint): Promise<string[]> {
  const abort = new AbortController();
  const actions: string[] = [];
  for await (const event of bus.subscribe({ since, until: undefined, filters: new Map(), signal: abort.signal })) {
    actions.push(event.Action);
    if (actions.length === count) abort.abort();
  }
  return actions;
}

test("subscribe() gives past events from `since` on, then live ones, in order", async () => {
  const bus = new EventBus();
  bus.publish({ ...start, action: "create" });
  const collected = collect(bus, 3, 0n);
  bus.publish(start);
  bus.publish({ ...start, action: "die" });
  expect(await collected).toEqual(["create", "start", "die"]);
});

test("subscribe() misses nothing that is told before the first event is asked for", async () => {
  const bus = new EventBus();
  const abort = new AbortController();
  const events = bus.subscribe({ since: undefined, until: undefined, filters: new Map(), signal: abort.signal });
  bus.publish(start);
  await Bun.sleep(0);
  bus.publish({ ...start, action: "die" });
  const told = [await events.next(), await events.next()];
  expect(told.map(({ value }) => value.Action)).toEqual(["start", "die"]);
  abort.abort();
  expect((await events.next()).done).toBe(true);
});

test("subscribe() holds nothing for who has gone, whether it has asked for an event or not", async () => {
  const bus = new EventBus();
  const abort = new AbortController();
  const query = { since: undefined, until: undefined, filters: new Map(), signal: abort.signal };
  const asking = bus.subscribe(query).next();
  bus.subscribe(query);
  expect(bus.listenerCount).toBe(2);
  abort.abort();
  expect((await asking).done).toBe(true);
  expect(bus.listenerCount).toBe(0);
  bus.subscribe(query);
  expect(bus.listenerCount).toBe(0);
});

test("subscribe() ends by itself once `until` is past", async () => {
  const bus = new EventBus();
  bus.publish(start);
  const abort = new AbortController();
  const events = bus.subscribe({
    since: 0n,
    until: BigInt(Date.now()) * 1_000_000n + 1_000_000n,
    filters: new Map(),
    signal: abort.signal,
  });
  expect((await Array.fromAsync(events)).map(({ Action }) => Action)).toEqual(["start"]);
});

test.each([
  ['{"type":["container"]}', true],
  ['{"type":["image"]}', false],
  ['{"event":["start","die"]}', true],
  ['{"container":["web"]}', true],
  ['{"container":["abc"]}', true],
  ['{"container":["other"]}', false],
  ['{"image":["nginx"]}', true],
  ['{"label":["tier=front"]}', true],
  ['{"label":["tier=back"]}', false],
  ['{"event":["start"],"container":["other"]}', false],
])("the filter %s passes the event: %p", (filters, passes) => {
  const seen = matchesEvent(parseFilters(filters), {
    Type: "container",
    Action: "start",
    Actor: { ID: start.id, Attributes: start.attributes },
    scope: "local",
    time: 0,
    timeNano: 0,
  });
  expect(seen).toBe(passes);
});
