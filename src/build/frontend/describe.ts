/** What people read of a vertex: "[build 2/7] RUN make". */

export class StepNames {
  readonly #stage: string;
  readonly #total: number;
  readonly #platform: string;
  #done = 0;

  /** `stage` is "" in a Dockerfile with one stage only; `platform` is shown when there are several. */
  constructor(stage: string, total: number, platform: string) {
    this.#stage = stage;
    this.#total = total;
    this.#platform = platform;
  }

  next(text: string): string {
    this.#done++;
    const width = String(this.#total).length;
    const words = [this.#platform, this.#stage, `${String(this.#done).padStart(width)}/${this.#total}`];
    return `[${words.filter((word) => word !== "").join(" ")}] ${text}`;
  }
}

/** "(echo hi...)": the first line of a here-document, in short. */
export function summaryOf(text: string): string {
  const trimmed = text.trim();
  const [first = ""] = trimmed.split("\n", 1);
  const short = first.length > 128 ? first.slice(0, 128) : first;
  return short === trimmed ? short : `${short}...`;
}

/** Go's %q of a string and of a list of strings. */
export const goQuote = (text: string): string => JSON.stringify(text);
export const goQuoteList = (words: readonly string[]): string => `[${words.map(goQuote).join(" ")}]`;
