/** One action on each of several objects: what succeeds is printed, what fails does not stop the others and makes the exit code 1. */
import type { Context } from "./command.ts";
import { errorText } from "./errors.ts";
import { neutralise } from "./neutralise.ts";

const CONCURRENT = 50;

/** Runs `action` on up to 50 at a time, and prints what it returns in the order of `refs`, errors last. What `isFailure` denies is said but is no failure. */
export async function eachOf(
  { io }: Pick<Context, "io">,
  refs: readonly string[],
  action: (ref: string) => Promise<string>,
  isFailure: (error: unknown) => boolean = () => true,
): Promise<number> {
  const errors: string[] = [];
  let failed = false;
  const running: Promise<string>[] = [];
  const start = (ref: string): void => {
    const outcome = action(ref);
    // Looked at when its turn to be printed comes.
    outcome.catch(() => undefined);
    running.push(outcome);
  };
  for (const ref of refs.slice(0, CONCURRENT)) start(ref);
  for (let at = 0; at < refs.length; at++) {
    try {
      const text = await running[at];
      if (text) await io.stdout.write(neutralise(text));
    } catch (error) {
      errors.push(`${errorText(error)}\n`);
      failed ||= isFailure(error);
    }
    const next = refs[at + CONCURRENT];
    if (next !== undefined) start(next);
  }
  if (errors.length > 0) await io.stderr.write(errors.join(""));
  return failed ? 1 : 0;
}

/** The same for actions whose success is shown by the reference itself. */
export function eachNamed(
  context: Pick<Context, "io">,
  refs: readonly string[],
  action: (ref: string) => Promise<unknown>,
): Promise<number> {
  return eachOf(context, refs, async (ref) => {
    await action(ref);
    return `${ref}\n`;
  });
}
