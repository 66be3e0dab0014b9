/** `tare build` in directories made for it. */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { TestEngine } from "./engine.ts";
import type { Result, RunOptions } from "./process.ts";

export const lines = (...text: readonly string[]): string => `${text.join("\n")}\n`;

export class BuildCommand {
  readonly #engine: TestEngine;

  constructor(engine: TestEngine) {
    this.#engine = engine;
  }

  /** A directory with these files, gone with the engine's. */
  context(files: Readonly<Record<string, string>>): string {
    const dir = mkdtempSync(join(this.#engine.dir, "context-"));
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(dirname(join(dir, name)), { recursive: true });
      writeFileSync(join(dir, name), text);
    }
    return dir;
  }

  run(cwd: string, args: readonly string[], options: RunOptions = {}): Promise<Result> {
    return this.#engine.tareWith({ cwd, ...options }, "build", ...args);
  }

  /** Throws with everything that was said when the build fails. */
  async succeed(cwd: string, args: readonly string[], options: RunOptions = {}): Promise<Result> {
    const result = await this.run(cwd, args, options);
    if (result.exitCode === 0) return result;
    throw new Error(`the build ended with ${result.exitCode}:\n${result.stderr}`);
  }

  /** Steps that run. */
  steps(): string[] {
    const dir = join(this.#engine.run, "build");
    return existsSync(dir) ? readdirSync(dir) : [];
  }
}
