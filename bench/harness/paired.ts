/** Paired measurement: the contenders take turns within each round, so that whatever slows the machine slows them all. */

export type Contenders = Readonly<Record<string, () => Promise<void>>>;

export interface Measured {
  readonly name: string;
  readonly medianMs: number;
  readonly bestMs: number;
  readonly p90Ms: number;
  /** Median over the rounds of this contender's time divided by the first contender's in the same round. */
  readonly ratio: number;
}

export interface PairedOptions {
  /** Default 20. */
  readonly rounds?: number;
  /** Rounds that are not counted. Default 2. */
  readonly warmUp?: number;
  /** Done before each run of a contender, and not counted. */
  readonly before?: (name: string) => Promise<void>;
}

/** The first contender is the measure of the others. Round by round another one begins. */
export async function measurePaired(contenders: Contenders, options: PairedOptions = {}): Promise<Measured[]> {
  const { rounds = 20, warmUp = 2, before } = options;
  const names = Object.keys(contenders);
  const times = new Map<string, number[]>(names.map((name) => [name, []]));
  for (let round = -warmUp; round < rounds; round++) {
    for (const name of rotated(names, round + warmUp)) {
      await before?.(name);
      const started = performance.now();
      await contenders[name]?.();
      if (round >= 0) times.get(name)?.push(performance.now() - started);
    }
  }
  const reference = times.get(names[0] ?? "") ?? [];
  return names.map((name) => summarize(name, times.get(name) ?? [], reference));
}

export function summarize(name: string, times: readonly number[], reference: readonly number[]): Measured {
  return {
    name,
    medianMs: quantile(times, 0.5),
    bestMs: Math.min(...times),
    p90Ms: quantile(times, 0.9),
    ratio: quantile(
      times.map((time, round) => time / (reference[round] ?? Number.NaN)),
      0.5,
    ),
  };
}

/** Linear interpolation between the nearest ranks. */
export function quantile(values: readonly number[], q: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (sorted.length - 1) * q;
  const low = sorted[Math.floor(at)] ?? Number.NaN;
  const high = sorted[Math.ceil(at)] ?? Number.NaN;
  return low + (high - low) * (at - Math.floor(at));
}

function rotated<T>(items: readonly T[], by: number): T[] {
  const start = by % items.length;
  return [...items.slice(start), ...items.slice(0, start)];
}
