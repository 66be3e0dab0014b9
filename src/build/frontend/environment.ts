/** Variables of a stage: those of its environment, in order, and the arguments that RUN shows in the history. Pure. */
import { type ExpandOptions, type Expansion, expand, type Variables } from "../../dockerfile/expand.ts";
import { DockerfileError } from "../../dockerfile/place.ts";

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

type Pair = readonly [key: string, value: string];

/** No process would start with so many, and every instruction makes the list anew. */
const MAX_VARIABLES = 10_000;

/** Throws DockerfileError for too many. */
export function withVariables({ variables, args }: Scope, pairs: readonly Pair[]): Scope {
  const all = new Map([...variables, ...pairs]);
  if (all.size > MAX_VARIABLES) throw new DockerfileError(`more than ${MAX_VARIABLES} variables`);
  return { variables: all, args };
}

export function toEnv({ variables }: Scope): string[] {
  return [...variables].map(([key, value]) => `${key}=${value}`);
}

export function expandIn({ variables }: Scope, text: string, options: ExpandOptions): Expansion {
  return expand(text, variables, options);
}

/** An `Env` list with variables set or replaced in their places. */
export function mergeEnv(env: readonly string[] | null, pairs: readonly Pair[]): string[] {
  const entries = new Map((env ?? []).map((entry) => [splitVariable(entry)[0], entry]));
  for (const [key, value] of pairs) entries.set(key, `${key}=${value}`);
  return [...entries.values()];
}

/** `|2 a=1 b=`, as the history shows the arguments that a RUN could see; "" without any. */
export function argsPrefix({ args, variables }: Scope): string {
  const values = new Map(args.map(({ key, value }) => [key, variables.get(key) ?? value ?? ""]));
  if (values.size === 0) return "";
  return `|${values.size} ${[...values].map(([key, value]) => `${key}=${value}`).join(" ")} `;
}
