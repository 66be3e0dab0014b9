/** The event bus: every change of state is told once, in order; the last ones are kept for `since`. */
import { nowNs } from "../base/clock.ts";
import type { EventMessage, EventType } from "../wire/event.ts";
import { type Filters, matchesLabels } from "../wire/filters.ts";

/** moby keeps 256; the memory of more is nothing and `docker events --since` gains. */
const KEPT_EVENTS = 1024;
/** A subscriber that lags this far behind is dropped, so that it never holds the engine's memory. */
const MAX_LAG = 16_384;

export interface EventQuery {
  /** Unix nanoseconds. */
  readonly since: bigint | undefined;
  readonly until: bigint | undefined;
  readonly filters: Filters;
  readonly signal: AbortSignal;
}

export interface EventSource {
  readonly type: EventType;
  readonly action: string;
  readonly id: string;
  readonly attributes: Readonly<Record<string, string>>;
}

type Listener = (event: EventMessage) => void;

export class EventBus {
  #kept: EventMessage[] = [];
  readonly #listeners = new Set<Listener>();

  get listenerCount(): number {
    return this.#listeners.size;
  }

  publish({ type, action, id, attributes }: EventSource): void {
    const timeNano = nowNs();
    const legacy =
      type === "container"
        ? { status: action, id, from: attributes["image"] ?? "" }
        : type === "image"
          ? { status: action, id }
          : {};
    const event: EventMessage = {
      ...legacy,
      Type: type,
      Action: action,
      Actor: { ID: id, Attributes: { ...attributes } },
      scope: "local",
      time: Number(timeNano / 1_000_000_000n),
      timeNano: Number(timeNano),
    };
    this.#kept.push(event);
    if (this.#kept.length > 2 * KEPT_EVENTS) this.#kept = this.#kept.slice(-KEPT_EVENTS);
    for (const listener of this.#listeners) listener(event);
  }

  /**
   * Kept events from `since` on, then live ones, until `until` or abort. Without `since` only live ones: those from this call on,
   * however late it is that the first one is asked for.
   */
  subscribe({ since, until, filters, signal }: EventQuery): AsyncGenerator<EventMessage> {
    const queue: EventMessage[] = [];
    let wake: (() => void) | undefined;
    let open = true;
    const finish = (): void => {
      open = false;
      clearTimeout(untilTimer);
      signal.removeEventListener("abort", finish);
      this.#listeners.delete(listener);
      wake?.();
    };
    const listener: Listener = (event) => {
      if (until !== undefined && BigInt(event.timeNano) > until) return finish();
      if (!matchesEvent(filters, event)) return;
      if (queue.length >= MAX_LAG) return finish();
      queue.push(event);
      wake?.();
    };
    const untilTimer = until === undefined ? undefined : setTimeout(finish, millisecondsTo(until));
    if (signal.aborted) finish();
    else {
      signal.addEventListener("abort", finish);
      this.#listeners.add(listener);
    }
    if (since !== undefined) this.#kept.filter((event) => BigInt(event.timeNano) >= since).forEach(listener);
    return (async function* () {
      try {
        for (;;) {
          const event = queue.shift();
          if (event !== undefined) yield event;
          else if (!open) return;
          else await new Promise<void>((resolve) => (wake = resolve));
        }
      } finally {
        finish();
      }
    })();
  }
}

/** Capped: a longer timer would overflow and fire at once (setTimeout takes 31 bits). */
function millisecondsTo(until: bigint): number {
  const left = Number((until - nowNs()) / 1_000_000n);
  return Math.min(Math.max(left, 0), 2 ** 31 - 1);
}

/** The filters of GET /events; values of one key are alternatives, keys must all hold, the beginning of an id or name is enough (moby daemon/events/filter.go). */
export function matchesEvent(filters: Filters, event: EventMessage): boolean {
  const attributes = event.Actor.Attributes;
  const one = (key: string, test: (want: string) => boolean): boolean => {
    const wanted = filters.get(key);
    return wanted === undefined || wanted.length === 0 || wanted.some(test);
  };
  const actor = (type: EventType, name: string | undefined) => (want: string) =>
    event.Type === type && (event.Actor.ID.startsWith(want) || name?.startsWith(want.replace(/^\//, "")) === true);
  return (
    one("type", (want) => want === event.Type) &&
    one("event", (want) => want === event.Action || event.Action.startsWith(`${want}:`)) &&
    one("scope", (want) => want === event.scope) &&
    one("daemon", actor("daemon", attributes["name"])) &&
    one("container", actor("container", attributes["name"])) &&
    one("image", (want) => matchesImage(want, event)) &&
    one("volume", actor("volume", attributes["name"])) &&
    one("network", actor("network", attributes["name"])) &&
    matchesLabels(filters.get("label") ?? [], attributes)
  );
}

function matchesImage(want: string, event: EventMessage): boolean {
  const name = event.Type === "image" ? event.Actor.Attributes["name"] : event.Actor.Attributes["image"];
  const withoutTag = name?.replace(/:[^:/]*$/, "");
  return (event.Type === "image" && event.Actor.ID === want) || name === want || withoutTag === want;
}
