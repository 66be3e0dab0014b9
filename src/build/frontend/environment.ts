/** Variables of a stage: those of its environment, in order, and the arguments that RUN shows in the history. Pure. */
import { type ExpandOptions, type Expansion, expand, type Variables } from "../../dockerfile/expand.ts";

export interface Scope {
  /** What instructions expand and RUN sees: arguments and environment, the later one counts. */
  readonly variables: Variables;
  /** Arguments in order of their declaration, without a value when nobody gave one. */
  readonly args: readonly { readonly key: string; readonly value: string | undefined }[];
}

export const DEFAULT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

export function scopeOf(env: readonly string[] | null): Scope {
  return { variables: new Map((env ?? []).map(splitVariable)), args: [] };
}

function splitVariable(text: string): [string, string] {
  const at = text.indexOf("=");
  return at === -1 ? [text, ""] : [text.slice(0, at), text.slice(at + 1)];
}

export function withVariable({ variables, args }: Scope, key: string, value: string): Scope {
  return { variables: new Map([...variables, [key, value]]), args };
}

export function withArg(scope: Scope, key: string, value: string | undefined): Scope {
  const set = value === undefined ? scope : withVariable(scope, key, value);
  return { ...set, args: [...scope.args, { key, value }] };
}

export function toEnv({ variables }: Scope): string[] {
  return [...variables].map(([key, value]) => `${key}=${value}`);
}

export function expandIn({ variables }: Scope, text: string, options: ExpandOptions): Expansion {
  return expand(text, variables, options);
}

/** An `Env` list with one variable set or replaced in its place. */
export function mergeEnv(env: readonly string[] | null, key: string, value: string): string[] {
  const entry = `${key}=${value}`;
  const list = [...(env ?? [])];
  const at = list.findIndex((existing) => splitVariable(existing)[0] === key);
  if (at === -1) return [...list, entry];
  list[at] = entry;
  return list;
}

/** `|2 a=1 b=`, as the history shows the arguments that a RUN could see; "" without any. */
export function argsPrefix({ args, variables }: Scope): string {
  const values = new Map(args.map(({ key, value }) => [key, variables.get(key) ?? value ?? ""]));
  if (values.size === 0) return "";
  return `|${values.size} ${[...values].map(([key, value]) => `${key}=${value}`).join(" ")} `;
}
