/** `--cache-from` and `--cache-to`, as the engine wants them. Pure. */
import { buildProblem, fieldsOf, parseFields } from "./fields.ts";
import type { ExporterWish } from "./outputs.ts";

/** "user/app:cache" is short for a registry's. Throws CommandError. */
export function parseCaches(specs: readonly string[]): ExporterWish[] {
  return specs.map((spec) => {
    const fields = fieldsOf(spec);
    if (fields.every((field) => !field.includes("="))) {
      return { type: "registry", attrs: new Map([["ref", fields[0] ?? ""]]) };
    }
    const { type = "", ...attrs } = Object.fromEntries(parseFields(spec));
    if (type === "") throw buildProblem(`type required form> ${JSON.stringify(spec)}`);
    return { type, attrs: new Map(Object.entries(attrs)) };
  });
}
