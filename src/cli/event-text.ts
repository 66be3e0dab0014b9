/** One event as a line for people, as JSON, or through a template. */
import type { EventMessage } from "../wire/event.ts";
import { CommandError } from "./errors.ts";
import { neutraliseLine } from "./neutralise.ts";
import { zoneText } from "./rows/times.ts";

/** `json` is the event's own text, whose nanoseconds are exact. */
export type EventPrinter = (event: EventMessage, json: string) => string;

const EXIT_TEMPLATE = 64;

/** "2026-11-22T15:27:50.917426037Z container die <id> (exitCode=3, name=web)". */
export const eventLine: EventPrinter = ({ Type, Action, Actor, time }, json) => {
  const nanos = nanosOf(json) ?? BigInt(time) * 1_000_000_000n;
  const attributes = Object.entries(Actor.Attributes)
    .map(([name, value]) => `${name}=${value}`)
    .sort();
  const about = attributes.length > 0 ? ` (${attributes.join(", ")})` : "";
  return neutraliseLine(`${localTime(nanos)} ${Type} ${Action} ${Actor.ID}${about}`);
};

function nanosOf(json: string): bigint | undefined {
  const digits = /"timeNano":\s*(\d+)\s*[,}]/.exec(json)?.[1];
  return digits === undefined ? undefined : BigInt(digits);
}

function localTime(nanos: bigint): string {
  const ms = Number(nanos / 1_000_000n);
  const offsetMs = new Date(ms).getTimezoneOffset() * 60_000;
  const seconds = new Date(ms - offsetMs).toISOString().slice(0, 19);
  return `${seconds}.${(nanos % 1_000_000_000n).toString().padStart(9, "0")}${zoneText(ms)}`;
}

/** For --format. Throws CommandError when the template is none. */
export async function eventPrinter(format: string): Promise<EventPrinter> {
  const [{ compile }, { TemplateError }, { eventValue }] = await Promise.all([
    import("./format/template/template.ts"),
    import("./format/template/template-error.ts"),
    import("./format/event-shape.ts"),
  ]);
  const guarded = <T>(action: () => T): T => {
    try {
      return action();
    } catch (cause) {
      if (!(cause instanceof TemplateError)) throw cause;
      throw new CommandError(`Error parsing format: ${cause.message}`, EXIT_TEMPLATE, { cause });
    }
  };
  const template = guarded(() => compile(format === "json" ? "{{json .}}" : format));
  const render: EventPrinter = (event, json) => guarded(() => template(eventValue(event, nanosOf(json))));
  guarded(() => template(eventValue(EMPTY, undefined)));
  return (event, json) => neutraliseLine(render(event, json));
}

/** A template that does not fit is refused before the first event. */
const EMPTY: EventMessage = {
  Type: "container",
  Action: "",
  Actor: { ID: "", Attributes: {} },
  scope: "local",
  time: 0,
  timeNano: 0,
};
