/** The legacy fields of events, dropped in 1.52 (moby api/docs/CHANGELOG.md). */
import type { EventMessage } from "../../wire/event.ts";
import type { Shim } from "./shim.ts";

export const eventShims: readonly Shim<EventMessage>[] = [
  { from: "1.52", adapt: ({ status: _status, id: _id, from: _from, ...event }) => event },
  { below: "1.52", adapt: withLegacyFields },
];

function withLegacyFields(event: EventMessage): EventMessage {
  const { Type, Action, Actor } = event;
  if (Type === "container") {
    return { status: Action, id: Actor.ID, from: Actor.Attributes["image"] ?? "", ...event };
  }
  return Type === "image" ? { status: Action, id: Actor.ID, ...event } : event;
}
