import { expect, test } from "bun:test";
import { MS } from "../kernel/mounts.ts";
import { parseMountWords } from "./mount-words.ts";

test.each([
  ["", { flags: 0, propagation: 0, data: "" }],
  ["bind", { flags: MS.BIND, propagation: 0, data: "" }],
  ["rbind,ro", { flags: MS.BIND | MS.REC | MS.RDONLY, propagation: 0, data: "" }],
  ["ro,rw,noexec", { flags: MS.NOEXEC, propagation: 0, data: "" }],
  ["size=1m,nosuid,mode=700", { flags: MS.NOSUID, propagation: 0, data: "size=1m,mode=700" }],
  ["bind,rslave", { flags: MS.BIND, propagation: MS.SLAVE | MS.REC, data: "" }],
  ["defaults,addr=10.0.0.1,soft", { flags: 0, propagation: 0, data: "addr=10.0.0.1,soft" }],
])("the words %p are %j", (text, expected) => {
  expect(parseMountWords(text)).toEqual(expected);
});
