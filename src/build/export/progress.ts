/** What an exporter tells: a vertex of its own with a line for each thing it does. */

import { messageOf } from "../../base/errors.ts";
import { createId } from "../../base/ids.ts";
import type { Build } from "../builder.ts";
import { sha256 } from "../frontend/vertex.ts";
import type { Digest } from "../operation.ts";
import type { WarningEvent } from "../progress.ts";

const now = (): number => performance.timeOrigin + performance.now();

export class ExportProgress implements Disposable {
  readonly #build: Build;
  readonly #name: string;
  readonly #digest: Digest;
  readonly #started = now();
  #hasEnded = false;

  constructor(build: Build, name: string) {
    this.#build = build;
    this.#name = name;
    this.#digest = sha256(`${name} ${createId()}`);
    this.#tell({});
  }

  /** Ends the vertex well, or with the error. */
  async run<T>(work: () => Promise<T>): Promise<T> {
    try {
      const result = await work();
      this.#end({});
      return result;
    } catch (error) {
      this.#end({ error: messageOf(error) });
      throw error;
    }
  }

  async during<T>(id: string, work: () => Promise<T>): Promise<T> {
    const started = now();
    this.status({ id, started });
    const result = await work();
    this.status({ id, started, completed: now() });
    return result;
  }

  note(id: string): void {
    const at = now();
    this.status({ id, started: at, completed: at });
  }

  status({
    id,
    started,
    completed,
    current = 0,
    total = 0,
  }: {
    id: string;
    started: number;
    completed?: number;
    current?: number;
    total?: number;
  }): void {
    const done = completed === undefined ? {} : { completed };
    this.#build.report({ kind: "status", vertex: this.#digest, id, current, total, started, at: now(), ...done });
  }

  /** Of this vertex, to be reported. */
  warning(text: string): WarningEvent {
    return { kind: "warning", vertex: this.#digest, level: 1, short: text, detail: [], url: "", place: undefined };
  }

  [Symbol.dispose](): void {
    this.#end({});
  }

  #end(state: { readonly error?: string }): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.#tell({ ...state, completed: now() });
  }

  #tell(state: { readonly error?: string; readonly completed?: number }): void {
    const vertex = {
      kind: "vertex",
      digest: this.#digest,
      name: this.#name,
      inputs: [],
      started: this.#started,
    } as const;
    this.#build.report({ ...vertex, ...state });
  }
}
