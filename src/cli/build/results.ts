/** What a build leaves for programs: its image's id in a file, what the engine answered in another. */
import { writeFile } from "node:fs/promises";
import { hasCode, messageOf } from "../../base/errors.ts";
import { absolutePath } from "../container/paths.ts";
import { CommandError } from "../errors.ts";
import { checkOutput, writeOutput } from "../output-file.ts";
import type { BuildAnswers } from "./build.ts";
import { putDescriptor } from "./layout.ts";

/** "" when no image was made. */
export const imageIdOf = (answers: BuildAnswers): string =>
  answers.get("containerimage.config.digest") ?? answers.get("containerimage.digest") ?? "";

export async function writeImageId(cwd: string, path: string, answers: BuildAnswers): Promise<void> {
  try {
    await writeFile(absolutePath(cwd, path), imageIdOf(answers));
  } catch (cause) {
    const reason = hasCode(cause, "ENOENT") ? "no such file or directory" : messageOf(cause);
    throw new CommandError(`ERROR: writing image ID file: open ${path}: ${reason}`, 1, { cause });
  }
}

/** Answers that hold JSON are written as such. */
export async function writeMetadata(
  cwd: string,
  path: string,
  told: { ref: string; answers: BuildAnswers },
): Promise<void> {
  await checkOutput(cwd, path, "ERROR: ");
  const entries = [...told.answers].map(([key, value]) => [key, jsonOf(value)] as const);
  const sorted = [...entries, ["buildx.build.ref", `default/default/${told.ref}`] as const].toSorted(([a], [b]) =>
    a < b ? -1 : 1,
  );
  const text = JSON.stringify(Object.fromEntries(sorted), null, 2);
  await writeOutput(
    cwd,
    path,
    (async function* () {
      yield Buffer.from(text);
    })(),
  );
}

/** What gives the blobs that were written into layouts their names. */
export async function writeLayouts(answers: BuildAnswers, layouts: readonly WrittenLayout[]): Promise<void> {
  for (const { directory, name, answer } of layouts) {
    const value = answers.get(answer);
    const descriptor = value === undefined ? undefined : value.startsWith("{") ? JSON.parse(value) : jsonOf(value);
    if (typeof descriptor === "object" && descriptor !== null) await putDescriptor(directory, name, descriptor);
  }
}

export interface WrittenLayout {
  /** Absolute. */
  readonly directory: string;
  readonly name: string;
  /** Which of the engine's answers is its descriptor. */
  readonly answer: "cache.manifest" | "containerimage.descriptor";
}

function jsonOf(value: string): unknown {
  try {
    const decoded: unknown = JSON.parse(Buffer.from(value, "base64").toString());
    return typeof decoded === "object" && decoded !== null ? decoded : value;
  } catch {
    return value;
  }
}
