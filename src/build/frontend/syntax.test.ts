import { expect, test } from "bun:test";
import { refuseForeignFrontend } from "./syntax.ts";

const refuse = (syntax: string | undefined, buildArgs: Record<string, string> = {}): void =>
  refuseForeignFrontend({ escape: "\\", check: undefined, syntax }, new Map(Object.entries(buildArgs)));

test.each([
  undefined,
  "docker/dockerfile",
  "docker/dockerfile:1.7-labs",
  "docker.io/docker/dockerfile-upstream:master",
  "docker/dockerfile@sha256:00 x=y",
])("%p is the language that is built in", (syntax) => {
  expect(() => refuse(syntax)).not.toThrow();
});

test.each(["evil/frontend:1", "docker/dockerfiles", "registry.example/docker/dockerfile:1", "evil.docker/dockerfile"])(
  "%p is refused",
  (syntax) => {
    expect(() => refuse(syntax)).toThrow(`frontend ${syntax} is not supported`);
  },
);

test("a build argument wins over the file", () => {
  expect(() => refuse("docker/dockerfile:1", { BUILDKIT_SYNTAX: "evil/frontend" })).toThrow("evil/frontend");
  expect(() => refuse("evil/frontend", { BUILDKIT_SYNTAX: "docker/dockerfile:1" })).not.toThrow();
});
