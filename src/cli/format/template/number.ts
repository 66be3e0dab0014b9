/** Go's spelling of numbers, as strconv and fmt write them. */

/** Shortest text that reads back the same, with an exponent below -4 and from 21 or 6 on as `%v` has it. */
export function shortestFloat(value: number): string {
  return special(value) ?? general(value, undefined, false);
}

/** `precision` undefined is the shortest (g) or six digits (e, f). */
export function formatFloat(value: number, verb: string, precision: number | undefined, sharp = false): string {
  const plain = special(value);
  if (plain !== undefined) return plain;
  switch (verb) {
    case "e":
      return exponent(value.toExponential(precision ?? 6));
    case "E":
      return exponent(value.toExponential(precision ?? 6)).toUpperCase();
    case "f":
    case "F":
      return fixed(value, precision ?? 6);
    case "G":
      return general(value, precision, sharp).toUpperCase();
    default:
      return general(value, precision, sharp);
  }
}

function special(value: number): string | undefined {
  if (Number.isNaN(value)) return "NaN";
  if (value === Number.POSITIVE_INFINITY) return "+Inf";
  return value === Number.NEGATIVE_INFINITY ? "-Inf" : undefined;
}

const SHORTEST_EXPONENT = 6;

function general(value: number, precision: number | undefined, sharp: boolean): string {
  const digits = precision === undefined ? undefined : Math.max(precision, 1);
  const scientific = digits === undefined ? value.toExponential() : value.toExponential(digits - 1);
  const [mantissa = "", power = "0"] = scientific.split("e");
  const short = sharp ? mantissa : stripZeros(mantissa);
  const limit = digits === undefined ? SHORTEST_EXPONENT : exponentLimit(digits, short, Number(power));
  if (Number(power) < -4 || Number(power) >= limit) return exponent(`${short}e${power}`);
  const decimals = short.replace(/[-.]/g, "").length - 1 - Number(power);
  return fixed(value, Math.max(decimals, 0));
}

/** Whole numbers are written out as far as their own digits go. */
function exponentLimit(digits: number, mantissa: string, power: number): number {
  const own = mantissa.replace(/[-.]/g, "").length;
  return digits > own && own >= power + 1 ? own : digits;
}

const stripZeros = (digits: string): string => (digits.includes(".") ? digits.replace(/\.?0+$/, "") : digits);

/** At least two digits in the exponent. */
const exponent = (text: string): string => text.replace(/e([+-])(\d)$/, "e$10$2");

const MAX_FIXED = 1e21;

function fixed(value: number, decimals: number): string {
  if (Math.abs(value) < MAX_FIXED) return value.toFixed(Math.min(decimals, 100));
  return BigInt(value).toString() + (decimals > 0 ? `.${"0".repeat(decimals)}` : "");
}
