/** A program that makes and takes TCP traffic, compiled on the spot, in an image for the containers and as a file for the host. */
import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { output } from "../../test/harness/process.ts";
import type { Contender } from "./contenders.ts";

export const TRAFFIC_IMAGE = "tare-bench-traffic";

export class Traffic implements Disposable {
  readonly #dir: string;
  /** For clients on the host. */
  readonly path: string;

  private constructor(dir: string) {
    this.#dir = dir;
    this.path = join(dir, "traffic");
  }

  static async compile(): Promise<Traffic> {
    const traffic = new Traffic(mkdtempSync(join(tmpdir(), "tare-traffic-")));
    const source = join(import.meta.dir, "traffic.c");
    await output(["gcc", "-O2", "-Wall", "-Wextra", "-Werror", "-static", "-s", "-o", traffic.path, source]);
    chmodSync(traffic.path, 0o755);
    return traffic;
  }

  /** Gives the engine an image with nothing but the program, as /traffic. */
  install({ cli, shell }: Contender): Promise<void> {
    return shell.run(`tar -C ${this.#dir} -c traffic | ${cli} import - ${TRAFFIC_IMAGE}`);
  }

  [Symbol.dispose](): void {
    rmSync(this.#dir, { recursive: true });
  }
}
