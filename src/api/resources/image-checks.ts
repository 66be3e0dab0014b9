/** tare's own questions about images: whether they are whole, and how they differ. */
import { invalidParameter } from "../../base/errors.ts";
import { readConfigHeader } from "../../wire/registry-auth.ts";
import { type Answer, JSON_TYPE, jsonLines } from "../answer.ts";
import type { ImageBackend } from "../backend.ts";
import type { Call, Route } from "../router.ts";
import { primed } from "./primed.ts";

export function imageCheckRoutes(backend: ImageBackend): Route[] {
  return [
    { method: "POST", pattern: "/images/verify", handle: (call) => verify(backend, call) },
    { method: "GET", pattern: "/images/{name}/diff", handle: (call) => diff(backend, call) },
  ];
}

async function verify(backend: ImageBackend, { request: { query, headers } }: Call): Promise<Answer> {
  const keyring = readConfigHeader(headers.get("x-registry-config"));
  const lines = backend.verify({ refs: query.all("names"), repair: query.bool("repair"), keyring });
  return jsonLines(await primed(lines));
}

async function diff(backend: ImageBackend, { name, request: { query, signal } }: Call): Promise<Answer> {
  const to = query.text("to");
  if (to === "") throw invalidParameter("the image to compare with is missing: say to=IMAGE");
  const body = await backend.diff(name, to, signal);
  return { kind: "whole", status: 200, headers: [["Content-Type", JSON_TYPE]], body };
}
