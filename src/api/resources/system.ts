/** The engine itself: ping, version, info, events. */
import { invalidParameter } from "../../base/errors.ts";
import { parseFilters } from "../../wire/filters.ts";
import { type Answer, JSON_TYPE, json, shaped, shapedLines } from "../answer.ts";
import type { SystemBackend } from "../backend.ts";
import type { Reply } from "../http/message.ts";
import { isBelow } from "../negotiate.ts";
import type { Call, Route } from "../router.ts";

/** Line formats that clients may ask for since 1.52. */
const LINE_TYPES = ["application/jsonl", "application/x-ndjson"];

export function systemRoutes(backend: SystemBackend): Route[] {
  return [
    { method: "GET", pattern: "/_ping", handle: () => pong("OK") },
    { method: "HEAD", pattern: "/_ping", handle: () => pong("") },
    { method: "GET", pattern: "/version", handle: () => json(200, backend.version()) },
    { method: "GET", pattern: "/info", handle: async () => shaped("info", await backend.info()) },
    { method: "GET", pattern: "/events", handle: (call) => events(backend, call) },
  ];
}

/** Builder 2 is BuildKit. */
function pong(text: string): Reply {
  const headers = [
    ["Builder-Version", "2"],
    ["Cache-Control", "no-cache, no-store, must-revalidate"],
    ["Pragma", "no-cache"],
    ["Swarm", "inactive"],
    ["Content-Type", "text/plain; charset=utf-8"],
  ] as const;
  return { kind: "whole", status: 200, headers, body: Buffer.from(text) };
}

function events(backend: SystemBackend, { request, version }: Call): Answer {
  const { query, signal } = request;
  const since = query.timestampNs("since");
  const until = query.timestampNs("until");
  if (since !== undefined && until !== undefined && since > until) {
    throw invalidParameter(
      `\`since\` time (${query.text("since")}) cannot be after \`until\` time (${query.text("until")})`,
    );
  }
  const filters = parseFilters(query.text("filters"));
  const accepted = request.headers.get("accept") ?? "";
  const lineType = isBelow(version, "1.52") ? undefined : LINE_TYPES.find((type) => accepted.includes(type));
  return shapedLines("event", backend.events({ since, until, filters, signal }), lineType ?? JSON_TYPE);
}
