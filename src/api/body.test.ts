import { expect, test } from "bun:test";
import { readJson, requireJson } from "./body.ts";
import { requestOf } from "./fixtures/request.ts";

test("readJson() takes JSON, whatever its content type's parameters, and nothing for nothing", async () => {
  const headers = { "content-type": "Application/JSON; charset=utf-8" };
  expect(await readJson(requestOf("POST /x", { body: '{"a":1}', headers }))).toEqual({ a: 1 });
  expect(await readJson(requestOf("POST /x"))).toBeUndefined();
});

test("requireJson() refuses an empty body", async () => {
  await expect(requireJson(requestOf("POST /x"))).rejects.toThrow("invalid JSON: got EOF while reading request body");
});

// The messages are those of Docker 28.5.2.
test.each([
  ["text/plain", "unsupported Content-Type header (text/plain): must be 'application/json'"],
  ["", "malformed Content-Type header (): mime: no media type"],
  ["application/json;;", "malformed Content-Type header (application/json;;): mime: invalid media parameter"],
])("readJson() refuses content type %j", async (type, message) => {
  await expect(readJson(requestOf("POST /x", { body: "{}", headers: { "content-type": type } }))).rejects.toThrow(
    message,
  );
});

test("readJson() refuses more than 8 MiB", async () => {
  const body = JSON.stringify({ a: "x".repeat(8 * 1024 * 1024) });
  await expect(readJson(requestOf("POST /x", { body }))).rejects.toThrow("body larger than 8388608 bytes");
});
