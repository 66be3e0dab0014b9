/** One printf verb applied to one value. */
import { formatFloat } from "./number.ts";
import { container, plain } from "./print.ts";
import { quote, quoteRune, runesOf, runeText } from "./quote.ts";
import { Float, TypedNil, typeName, type Value } from "./value.ts";

export interface Directive {
  readonly verb: string;
  readonly plus: boolean;
  readonly sharp: boolean;
  readonly space: boolean;
  readonly zero: boolean;
  readonly left: boolean;
  readonly width: number | undefined;
  readonly precision: number | undefined;
}

export function formatValue(value: Value, spec: Directive): string {
  if (spec.verb === "T") return pad(typeName(value), spec);
  if (value === undefined || value === null) return spec.verb === "v" ? pad("<nil>", spec) : `%!${spec.verb}(<nil>)`;
  if (value instanceof TypedNil) return pad(plain(value), spec);
  if (typeof value === "boolean") return "tv".includes(spec.verb) ? pad(String(value), spec) : bad(value, spec);
  if (typeof value === "number" || typeof value === "bigint") return formatInt(value, spec);
  if (value instanceof Float) return formatFloating(value, spec);
  if (typeof value === "string") return formatString(value, spec);
  const named = spec.verb === "v" && (spec.plus || spec.sharp);
  return container(value, named, (item) => formatValue(item, named ? { ...spec, plus: false } : spec)) ?? "";
}

const bad = (value: Value, spec: Directive): string => `%!${spec.verb}(${typeName(value)}=${plain(value)})`;

function pad(text: string, spec: Directive): string {
  const missing = (spec.width ?? 0) - runesOf(text).length;
  if (missing <= 0) return text;
  if (spec.left) return text + " ".repeat(missing);
  return (spec.zero ? "0" : " ").repeat(missing) + text;
}

/** Zeros go between the sign and the digits. */
function padNumber(sign: string, digits: string, spec: Directive): string {
  const missing = (spec.width ?? 0) - sign.length - digits.length;
  return spec.zero && missing > 0 ? sign + "0".repeat(missing) + digits : pad(sign + digits, { ...spec, zero: false });
}

const signOf = (negative: boolean, spec: Directive): string => {
  if (negative) return "-";
  return spec.plus ? "+" : spec.space ? " " : "";
};

interface Radix {
  readonly base: number;
  /** Written by the sharp flag. */
  readonly prefix: string;
}
const RADIX: Readonly<Record<string, Radix>> = {
  d: { base: 10, prefix: "" },
  v: { base: 10, prefix: "" },
  b: { base: 2, prefix: "0b" },
  o: { base: 8, prefix: "0" },
  O: { base: 8, prefix: "" },
  x: { base: 16, prefix: "0x" },
  X: { base: 16, prefix: "0X" },
};

function formatInt(value: number | bigint, spec: Directive): string {
  if (spec.verb === "c") return pad(runeText(Number(value)), spec);
  if (spec.verb === "q") return pad(quoteRune(Number(value), spec.plus), spec);
  if (spec.verb === "U") return pad(`U+${value.toString(16).toUpperCase().padStart(4, "0")}`, spec);
  const radix = RADIX[spec.verb];
  if (radix === undefined) return bad(value, spec);
  const digits = (value < 0 ? -value : value).toString(radix.base).padStart(spec.precision ?? 0, "0");
  const cased = spec.verb === "X" ? digits.toUpperCase() : digits;
  const prefix = spec.verb === "O" ? "0o" : spec.sharp ? radix.prefix : "";
  const zero = spec.zero && spec.precision === undefined;
  return padNumber(signOf(value < 0, spec), prefix + cased, { ...spec, zero });
}

function formatFloating(value: Float, spec: Directive): string {
  if (!"eEfFgGv".includes(spec.verb)) return bad(value, spec);
  const verb = spec.verb === "v" ? "g" : spec.verb;
  const text = formatFloat(Math.abs(value.value), verb, spec.precision, spec.sharp).replace(/^\+/, "");
  return padNumber(signOf(value.value < 0, spec), text, spec);
}

function formatString(value: string, spec: Directive): string {
  const cut = spec.precision === undefined ? value : runesOf(value).slice(0, spec.precision).join("");
  switch (spec.verb) {
    case "v":
      return pad(spec.sharp ? quote(cut) : cut, spec);
    case "s":
      return pad(cut, spec);
    case "q":
      return pad(spec.sharp && !/[`\p{Cc}]/u.test(cut) ? `\`${cut}\`` : quote(cut, spec.plus), spec);
    case "x":
      return pad(hex(value, spec), spec);
    case "X":
      return pad(hex(value, spec).toUpperCase(), spec);
    default:
      return bad(value, spec);
  }
}

function hex(value: string, spec: Directive): string {
  const bytes = Buffer.from(value).subarray(0, spec.precision);
  const pairs = [...bytes].map((byte) => byte.toString(16).padStart(2, "0"));
  if (!spec.space) return (spec.sharp && pairs.length > 0 ? "0x" : "") + pairs.join("");
  return pairs.map((pair) => (spec.sharp ? `0x${pair}` : pair)).join(" ");
}
