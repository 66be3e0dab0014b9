/** Credentials in headers: every spelling that Docker's clients use, and what is none. */
import { expect, test } from "bun:test";
import { ANONYMOUS, decodeCredentials, readAuthHeader, readConfigHeader } from "./registry-auth.ts";

const json = JSON.stringify({ username: "ann", password: "ü/+?" });

test.each([
  ["URL-safe base64", Buffer.from(json).toString("base64url")],
  ["plain base64 with padding", Buffer.from(json).toString("base64")],
])("are read from %s", (_what, header) => {
  expect(readAuthHeader(header)).toMatchObject({ username: "ann", password: "ü/+?" });
});

test("are read from a pair of old", () => {
  const auth = Buffer.from("ann:a:b").toString("base64");
  expect(decodeCredentials({ auth })).toMatchObject({ username: "ann", password: "a:b" });
  expect(decodeCredentials({ auth, username: "bob" })).toMatchObject({ username: "bob", password: "" });
});

test.each([[undefined], [""], ["!!"], [Buffer.from("[]").toString("base64")], ["x".repeat(100_000)]])(
  "are none in %p",
  (header) => {
    expect(readAuthHeader(header)).toEqual(ANONYMOUS);
  },
);

test("are read by registry from X-Registry-Config", () => {
  const header = Buffer.from(JSON.stringify({ r: { username: "ann" }, s: null })).toString("base64url");
  expect([...readConfigHeader(header)].map(([host, { username }]) => [host, username])).toEqual([
    ["r", "ann"],
    ["s", ""],
  ]);
  expect(readConfigHeader(Buffer.from("null").toString("base64")).size).toBe(0);
  expect(() => readConfigHeader(Buffer.from("[]").toString("base64"))).toThrow("not an object");
});
