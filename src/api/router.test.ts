import { expect, test } from "bun:test";
import { empty } from "./answer.ts";
import { createRouter, type Route } from "./router.ts";

const at = (method: string, pattern: string): Route => ({ method, pattern, handle: () => empty(200) });
const routes = [
  at("GET", "/images/json"),
  at("GET", "/images/{name}/json"),
  at("DELETE", "/images/{name}"),
  at("GET", "/containers/{name}/attach/ws"),
];
const route = createRouter(routes);
const found = (line: string): [string | undefined, string | undefined] => {
  const [method = "", path = ""] = line.split(" ");
  const match = route(method, path);
  return [routes.find(({ handle }) => handle === match?.handle)?.pattern, match?.name];
};

test.each([
  ["GET /images/json", "/images/json", ""],
  ["GET /images/busybox/json", "/images/{name}/json", "busybox"],
  ["GET /images/registry:5000/a/b:c/json", "/images/{name}/json", "registry:5000/a/b:c"],
  ["GET /images/json/json", "/images/{name}/json", "json"],
  ["DELETE /images/a/b", "/images/{name}", "a/b"],
  ["GET /containers/x/attach/ws", "/containers/{name}/attach/ws", "x"],
])("createRouter() finds the handler of %s", (line, pattern, name) => {
  expect(found(line)).toEqual([pattern, name]);
});

test.each([
  "POST /images/json",
  "GET /images",
  "GET /images/",
  "GET /images//json",
  "GET /image/x/json",
  "DELETE /images/",
  "GET /",
])("createRouter() finds nothing for %s", (line) => expect(found(line)).toEqual([undefined, undefined]));
