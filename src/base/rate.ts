/** Bandwidth as people write it: "10mbit", "1.5gbit", "64k"; bits a second, in powers of ten. */

const RATE = /^(\d+(?:\.\d+)?)([kmgt])?(?:bit)?$/i;
const FACTORS: Readonly<Record<string, number>> = { k: 1e3, m: 1e6, g: 1e9, t: 1e12 };

/** Bytes a second; undefined for anything that is no rate of at least one byte. */
export function parseRate(text: string): number | undefined {
  const [, number = "", unit = ""] = RATE.exec(text) ?? [];
  const bytes = Math.floor((Number(number) * (FACTORS[unit.toLowerCase()] ?? 1)) / 8);
  return number === "" || bytes < 1 || !Number.isSafeInteger(bytes) ? undefined : bytes;
}
