/** What a benchmark is: a name for the command line, and the tables it makes on a field of engines. */
import type { Field } from "./harness/contenders.ts";
import type { Report } from "./harness/report.ts";

export interface Bench {
  readonly name: string;
  run(field: Field): Promise<Report[]>;
}
