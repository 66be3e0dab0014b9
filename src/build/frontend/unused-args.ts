/** Build arguments that were given for nothing, of which the classic builder warned. Pure. */
import type { Dockerfile } from "../../dockerfile/parse.ts";
import { PROXY_ARGS } from "./platform-args.ts";

/** What steers the build itself. */
const OWN = /^(?:BUILDKIT_.*|SOURCE_DATE_EPOCH)$/;

/** Those that no ARG of the file names; proxies are every step's. In the order of their names. */
export function unusedArgs({ globalArgs, stages }: Dockerfile, given: ReadonlyMap<string, string>): string[] {
  const instructions = [...globalArgs, ...stages.flatMap((stage) => stage.instructions)];
  const named = instructions.flatMap((each) => (each.name === "ARG" ? each.args.map(({ key }) => key) : []));
  const taken = new Set([...PROXY_ARGS, ...named]);
  return [...given.keys()].filter((name) => !taken.has(name) && !OWN.test(name)).toSorted();
}
