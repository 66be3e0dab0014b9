/** The Docker Engine API as one function from request to reply: version, route, handler, shims, errors. */

import { notFound } from "../base/errors.ts";
import type { Logger } from "../base/log.ts";
import type { HeaderFields } from "../wire/http1.ts";
import type { HostLimits } from "../wire/validate/resources.ts";
import { API_VERSION } from "../wire/version.ts";
import { type Answer, empty, JSON_TYPE, type JsonLinesAnswer } from "./answer.ts";
import type { Backend } from "./backend.ts";
import { toErrorLine, toFailure } from "./failure.ts";
import { HIJACKED, type Reply, type Request, type RequestHandler } from "./http/message.ts";
import { negotiateVersion } from "./negotiate.ts";
import { checkOrigin } from "./origin.ts";
import { allRoutes } from "./resources/all-routes.ts";
import { createRouter, type Match } from "./router.ts";

export interface ApiOptions {
  readonly backend: Backend;
  readonly log: Logger;
  /** Of this release. */
  readonly version: string;
  /** What the machine has, to refuse limits beyond it. */
  readonly hostLimits: HostLimits;
}

/** Never rejects: what goes wrong is a reply. */
export function createApi({ backend, log, version, hostLimits }: ApiOptions): RequestHandler {
  const route = createRouter(allRoutes(backend, hostLimits, log));
  const common = commonHeaders(version);
  return async (request) => {
    let spoken = API_VERSION;
    let answer: Answer;
    try {
      checkOrigin(request);
      const { version: wanted, path } = negotiateVersion(request.path);
      spoken = wanted;
      answer = await handle(request, { version: wanted, path, match: route(request.method, path) });
    } catch (error) {
      answer = toFailure(error, request, log);
    }
    return toReply(answer, spoken, common);
  };
}

interface Routed {
  readonly version: string;
  readonly path: string;
  readonly match: Match | undefined;
}

function handle(request: Request, { version, path, match }: Routed): Promise<Answer> | Answer {
  if (request.method === "OPTIONS") return empty(200);
  if (match !== undefined) return match.handle({ request, version, name: match.name });
  if (path.includes("//")) return redirect(request.path.replaceAll(/\/{2,}/g, "/"));
  throw notFound("page not found");
}

function redirect(path: string): Reply {
  return { kind: "whole", status: 301, headers: [["Location", encodeURI(path)]], body: new Uint8Array() };
}

function commonHeaders(version: string): HeaderFields {
  return [
    ["Api-Version", API_VERSION],
    ["Docker-Experimental", "false"],
    ["Ostype", "linux"],
    ["Server", `Tare/${version} (linux)`],
  ];
}

function toReply(answer: Answer, version: string, common: HeaderFields): Reply {
  switch (answer.kind) {
    case "hijacked":
      return HIJACKED;
    case "whole":
    case "stream":
      return { ...answer, headers: [...common, ...answer.headers] };
    case "json":
      return {
        kind: "whole",
        status: answer.status,
        headers: [...common, ["Content-Type", JSON_TYPE]],
        body: spell(answer.value(version)),
      };
    case "jsonLines":
      return {
        kind: "stream",
        status: 200,
        headers: [...common, ["Content-Type", answer.contentType]],
        body: spellLines(answer.values(version), answer.lineEnd),
      };
  }
}

function spell(value: unknown, lineEnd: JsonLinesAnswer["lineEnd"] = "\n"): Uint8Array {
  return Buffer.from(`${JSON.stringify(value)}${lineEnd}`);
}

async function* spellLines(
  values: AsyncIterable<unknown>,
  lineEnd: JsonLinesAnswer["lineEnd"],
): AsyncGenerator<Uint8Array> {
  try {
    for await (const value of values) yield spell(value, lineEnd);
  } catch (error) {
    yield spell(toErrorLine(error), lineEnd);
  }
}
