/** What an exporter to the client is given. */
import type { Exporter } from "../builder.ts";
import type { SolvedResult } from "./image.ts";

export interface ClientExport {
  readonly exporter: Exporter;
  /** By which the client knows where it shall go. */
  readonly index: number;
  readonly results: readonly SolvedResult[];
}
