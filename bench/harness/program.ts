/** A small C program beside this file, compiled on the spot: as a file for the host, and as an image with nothing else for containers. */
import { chmodSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { output } from "../../test/harness/process.ts";
import type { Contender } from "./contenders.ts";

export class Program implements Disposable {
  readonly #dir: string;
  readonly #name: string;
  /** Of the image, in which the program is /NAME. */
  readonly image: string;

  private constructor(name: string) {
    this.#dir = mkdtempSync(join(tmpdir(), "tare-program-"));
    this.#name = name;
    this.image = `tare-bench-${name}`;
  }

  static async compile(name: string): Promise<Program> {
    const program = new Program(name);
    const source = join(import.meta.dir, `${name}.c`);
    await output(["gcc", "-O2", "-Wall", "-Wextra", "-Werror", "-static", "-s", "-o", program.path, source]);
    chmodSync(program.path, 0o755);
    await output(["tar", "-C", program.#dir, "-cf", join(program.#dir, "image.tar"), name]);
    return program;
  }

  /** For clients on the host. */
  get path(): string {
    return join(this.#dir, this.#name);
  }

  /** Gives the engine the image. The archive goes through the shell as text, since nothing but the shell reaches into a peer's namespaces. */
  install({ cli, shell }: Contender): Promise<void> {
    const archive = Buffer.from(Bun.gzipSync(readFileSync(join(this.#dir, "image.tar")))).toString("base64");
    const lines = archive.match(/.{1,2000}/g) ?? [];
    return shell.run(`base64 -d <<'END' | gunzip | ${cli} import - ${this.image}\n${lines.join("\n")}\nEND`);
  }

  [Symbol.dispose](): void {
    rmSync(this.#dir, { recursive: true });
  }
}
