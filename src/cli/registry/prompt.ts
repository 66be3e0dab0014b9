/** Questions at a terminal: a line that shows, and a secret that does not. */
import { CommandError } from "../errors.ts";
import type { Io } from "../io.ts";

const CONTROL_C = 3;
const CONTROL_D = 4;
const BACKSPACES: readonly number[] = [8, 127];
const LINE_ENDS: readonly number[] = [10, 13];

export function askLine(io: Io, question: string): Promise<string> {
  return ask(io, question, true);
}

/** What is typed is not shown. */
export function askSecret(io: Io, question: string): Promise<string> {
  return ask(io, question, false);
}

/** The terminal is raw meanwhile, so that one reader takes one question's bytes and no more. */
async function ask(io: Io, question: string, isShown: boolean): Promise<string> {
  await io.stdout.write(question);
  using _raw = io.enterRawMode();
  const typed: number[] = [];
  try {
    for await (const byte of bytesOf(io)) {
      if (LINE_ENDS.includes(byte) || byte === CONTROL_D) break;
      if (byte === CONTROL_C) throw new CommandError("", 130);
      if (BACKSPACES.includes(byte)) {
        if (typed.pop() !== undefined && isShown) await io.stdout.write("\b \b");
      } else {
        typed.push(byte);
        if (isShown) await io.stdout.write(Uint8Array.of(byte));
      }
    }
  } finally {
    await io.stdout.write("\r\n");
  }
  return Buffer.from(typed).toString().trim();
}

/** Standard input is one stream for all questions: what came behind a line is kept for the next one. */
const readers = new WeakMap<AsyncIterable<Uint8Array>, AsyncGenerator<number, void>>();

function bytesOf({ stdin }: Io): AsyncIterable<number> {
  const reader = readers.get(stdin) ?? eachByte(stdin);
  readers.set(stdin, reader);
  // Leaving the loop must not end the stream.
  return { [Symbol.asyncIterator]: () => ({ next: () => reader.next() }) };
}

async function* eachByte(stdin: AsyncIterable<Uint8Array>): AsyncGenerator<number, void> {
  for await (const piece of stdin) yield* piece;
}
