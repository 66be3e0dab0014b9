import { expect, test } from "bun:test";
import { toImageDocument } from "./image-document.ts";

const documentOf = (config: object): string =>
  toImageDocument({
    planned: JSON.stringify({ os: "linux", architecture: "amd64", config, history: [] }),
    layers: [],
    epoch: undefined,
  });

test("labels that a client sends in another order make the same image", () => {
  const one = documentOf({ Labels: { b: "2", a: "1" }, ExposedPorts: { "2/tcp": {}, "1/tcp": {} } });
  const other = documentOf({ Labels: { a: "1", b: "2" }, ExposedPorts: { "1/tcp": {}, "2/tcp": {} } });
  expect(one).toBe(other);
});

test("what is empty is left out", () => {
  expect(JSON.parse(documentOf({ Labels: null, User: "", Cmd: ["sh"] }))).toMatchObject({ config: { Cmd: ["sh"] } });
  expect(documentOf({ Labels: null, User: "" })).toContain('"config":{}');
});
