/** Sizes and durations as people write them. */

const SIZE = /^(\d+(?:\.\d+)?) ?([kmgtp]?)i?b?$/i;
const POWERS: Readonly<Record<string, number>> = { "": 0, k: 1, m: 2, g: 3, t: 4, p: 5 };

/** Bytes of "64m", "1.5g", "512": powers of 1024 (go-units RAMInBytes) or of 1000 (FromHumanSize); undefined for anything else. */
export function parseSize(text: string, kilo: 1000 | 1024 = 1024): number | undefined {
  const match = SIZE.exec(text.trim());
  if (match === null) return undefined;
  const power = POWERS[(match[2] ?? "").toLowerCase()] ?? 0;
  return Math.floor(Number(match[1]) * kilo ** power);
}
