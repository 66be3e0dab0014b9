/** Finds the handler of a request: a table of methods and patterns, tried in the table's order. */
import type { Answer } from "./answer.ts";
import type { Request } from "./http/message.ts";

export interface Call {
  readonly request: Request;
  /** The API version the client speaks. */
  readonly version: string;
  /** The part of the path that stands for `{name}` in the pattern; "" in a pattern without one. May contain slashes. */
  readonly name: string;
}

type Handler = (call: Call) => Promise<Answer> | Answer;

export interface Route {
  readonly method: string;
  /** A path with at most one `{name}`, which matches one or more segments, as names of images need it. */
  readonly pattern: string;
  readonly handle: Handler;
}

export interface Match {
  readonly handle: Handler;
  readonly name: string;
}

interface Compiled {
  readonly handle: Handler;
  readonly before: string;
  /** Undefined: the path is `before` and nothing else. */
  readonly after: string | undefined;
}

const PLACEHOLDER = "{name}";

export function createRouter(routes: readonly Route[]): (method: string, path: string) => Match | undefined {
  const table = Map.groupBy(routes, ({ method, pattern }) => bucketOf(method, pattern));
  const compiled = new Map([...table].map(([bucket, members]) => [bucket, members.map(compile)]));
  return (method, path) => {
    for (const route of compiled.get(bucketOf(method, path)) ?? []) {
      const name = match(route, path);
      if (name !== undefined) return { handle: route.handle, name };
    }
    return undefined;
  };
}

/** Routes are kept by method and first path segment, which never is a placeholder. */
function bucketOf(method: string, path: string): string {
  const end = path.indexOf("/", 1);
  return `${method} ${end < 0 ? path : path.slice(0, end)}`;
}

function compile({ pattern, handle }: Route): Compiled {
  const at = pattern.indexOf(PLACEHOLDER);
  if (at < 0) return { handle, before: pattern, after: undefined };
  return { handle, before: pattern.slice(0, at), after: pattern.slice(at + PLACEHOLDER.length) };
}

function match({ before, after }: Compiled, path: string): string | undefined {
  if (after === undefined) return path === before ? "" : undefined;
  const isLongEnough = path.length > before.length + after.length;
  const fits = isLongEnough && path.startsWith(before) && path.endsWith(after);
  return fits ? path.slice(before.length, path.length - after.length) : undefined;
}
