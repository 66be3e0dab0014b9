/** An event as the Go type that docker's templates see. */
import type { EventMessage } from "../../wire/event.ts";
import { map, struct, text } from "./shape.ts";
import { type Field, Struct, type Value } from "./template/value.ts";

const actor = struct("events.Actor", { ID: text, Attributes: map(text) });

/** `nanos` is the exact time, which a JavaScript number does not hold. */
export function eventValue(event: EventMessage, nanos: bigint | undefined): Value {
  const field = (json: string, value: Value): Field => ({ json: value === "" ? undefined : json, value });
  return new Struct(
    "*events.Message",
    new Map([
      ["Status", field("status", event.status ?? "")],
      ["ID", field("id", event.id ?? "")],
      ["From", field("from", event.from ?? "")],
      ["Type", field("Type", event.Type)],
      ["Action", field("Action", event.Action)],
      ["Actor", field("Actor", actor(event.Actor))],
      ["Scope", field("scope", event.scope)],
      ["Time", field("time", event.time)],
      ["TimeNano", field("timeNano", nanos === undefined ? event.timeNano : nanos)],
    ]),
  );
}
