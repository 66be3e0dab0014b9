import { expect, test } from "bun:test";
import {
  conflict,
  forbidden,
  invalidParameter,
  notFound,
  notImplemented,
  notModified,
  systemError,
  unavailable,
} from "../base/errors.ts";
import { createLogger } from "../base/log.ts";
import { HttpError } from "../wire/http1.ts";
import { statusOf, toFailure } from "./failure.ts";
import { requestOf } from "./fixtures/request.ts";

test.each([
  ["a bad parameter", invalidParameter("x"), 400],
  ["a malformed body", new HttpError("x"), 400],
  ["a refusal", forbidden("x"), 403],
  ["something missing", notFound("x"), 404],
  ["a conflict", conflict("x"), 409],
  ["nothing to do", notModified("x"), 304],
  ["a failing system", systemError("x"), 500],
  ["a later issue", notImplemented("x"), 501],
  ["something not there now", unavailable("x"), 503],
  ["a bug", new TypeError("x"), 500],
  ["a failure whose clean-up failed too", new SuppressedError(new Error("clean-up"), notFound("x")), 404],
])("statusOf() knows %s", (_what, error, status) => {
  expect(statusOf(error)).toBe(status);
});

test("toFailure() logs the engine's own failures once, and no client's mistake", () => {
  const lines: string[] = [];
  const log = createLogger((line) => lines.push(line));
  toFailure(notFound("No such container: x"), requestOf("GET /x"), log);
  expect(lines).toEqual([]);
  toFailure(new Error("disk full"), requestOf("GET /x"), log);
  expect(lines.map((line) => JSON.parse(line).error)).toEqual(["disk full"]);
});

test("toFailure() says nothing about a handler whose client has gone", () => {
  const lines: string[] = [];
  const request = requestOf("GET /x", { signal: AbortSignal.abort(new Error("gone")) });
  toFailure(
    new Error("gone"),
    request,
    createLogger((line) => lines.push(line)),
  );
  expect(lines).toEqual([]);
});
