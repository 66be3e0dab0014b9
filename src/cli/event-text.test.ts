/** events: lines and templates as docker prints them. */
import { expect, test } from "bun:test";
import type { EventMessage } from "../wire/event.ts";
import { eventLine, eventPrinter } from "./event-text.ts";

const ID = "de4054f7f62ccc0eefafd6db14887978565b17126991d37ca2b230a1596d6a2e";
/** As dockerd 28.5 sent it. */
const JSON_TEXT = `{"status":"die","id":"${ID}","from":"app","Type":"container","Action":"die","Actor":{"ID":"${ID}","Attributes":{"execDuration":"0","exitCode":"3","image":"app","name":"web"}},"scope":"local","time":1795361270,"timeNano":1795361270917426037}`;
const EVENT = JSON.parse(JSON_TEXT) as EventMessage;

test("a line has the time to the nanosecond and sorted attributes", () => {
  expect(eventLine(EVENT, JSON_TEXT)).toBe(
    `2026-11-22T15:27:50.917426037Z container die ${ID} (execDuration=0, exitCode=3, image=app, name=web)`,
  );
});

test("a line shows control characters of names", () => {
  const hostile: EventMessage = { ...EVENT, Actor: { ID, Attributes: { name: "x\x1b[2J\n" } } };
  expect(eventLine(hostile, JSON_TEXT)).toEndWith("(name=x\\x1b[2J\\n)");
});

test.each([
  ["{{.Time}} {{.TimeNano}} {{.Action}} {{.Actor.Attributes.name}}", "1795361270 1795361270917426037 die web"],
  ["{{.Status}} {{.From}} {{.Type}} {{.Scope}}", "die app container local"],
  ["{{json .}}", JSON_TEXT],
  ["json", JSON_TEXT],
])("the format %s", async (format, printed) => {
  expect((await eventPrinter(format))(EVENT, JSON_TEXT)).toBe(printed);
});

test.each([
  [
    "{{.Foo}}",
    'Error parsing format: template: :1:2: executing "" at <.Foo>: can\'t evaluate field Foo in type *events.Message',
  ],
  ["{{.Foo", "Error parsing format: template: :1: unclosed action"],
])("the format %s is refused before the first event", async (format, message) => {
  expect(eventPrinter(format)).rejects.toMatchObject({ message, exitCode: 64 });
});
