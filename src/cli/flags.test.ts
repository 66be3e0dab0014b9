/** Flags are parsed in pflag's grammar and refused in its words. */
import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { UsageError } from "./errors.ts";
import { intFlag, listFlag, switchFlag, textFlag } from "./flag-kinds.ts";
import { parseFlags } from "./flags.ts";

const TABLE = {
  detach: switchFlag("", { short: "d" }),
  interactive: switchFlag("", { short: "i" }),
  proxy: switchFlag("", { initial: true }),
  env: listFlag("", { short: "e" }),
  name: textFlag("", { aliases: ["title"] }),
  count: intFlag("", { short: "n" }),
};

const parse = (argv: readonly string[], interspersed = true) => parseFlags(TABLE, argv, interspersed);

describe("values", () => {
  test.each([
    [["-di"], { detach: true, interactive: true }],
    [["-d=false"], { detach: false }],
    [["--detach", "--detach=0"], { detach: false }],
    [["--proxy=F"], { proxy: false }],
    [["-e", "A=1", "-eB", "-e=C", "--env", "D", "--env=E=2"], { env: ["A=1", "B", "C", "D", "E=2"] }],
    [["-die", "A"], { detach: true, interactive: true, env: ["A"] }],
    [["-dieA=1"], { detach: true, interactive: true, env: ["A=1"] }],
    [["--name", "-x"], { name: "-x" }],
    [["--name="], { name: "" }],
    [["--title", "a", "--name", "b"], { name: "b" }],
    [["-n-3"], { count: -3 }],
    [["-n", "0x10"], { count: 16 }],
  ])("%p gives %p", (argv, wanted) => {
    expect(parse(argv).values).toMatchObject(wanted);
  });

  test("what is not given has its initial value and is not in `given`", () => {
    const { values, given } = parse(["--name", ""]);
    expect(values).toEqual({ detach: false, interactive: false, proxy: true, env: [], name: "", count: undefined });
    expect(given).toEqual(new Set(["name"]));
  });

  test("values of a list arrive unchanged and in order, in every spelling", () => {
    const spellings = [
      (text: string) => [`--env=${text}`],
      (text: string) => ["--env", text],
      (text: string) => ["-e", text],
    ];
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.string(), fc.constantFrom(...spellings))), (items) => {
        const argv = items.flatMap(([text, spell]) => spell(text));
        expect(parse(argv).values.env).toEqual(items.map(([text]) => text));
      }),
    );
  });
});

describe("positional arguments", () => {
  test.each([
    [["a", "-d", "b"], true, ["a", "b"], true],
    [["a", "-d", "b"], false, ["a", "-d", "b"], false],
    [["-d", "--", "-e", "a"], true, ["-e", "a"], true],
    [["-d", "-", "a"], true, ["-", "a"], true],
    [["", "-d"], true, [""], true],
  ])("%p, interspersed %p", (argv, interspersed, args, detach) => {
    const parsed = parse(argv, interspersed);
    expect(parsed.args).toEqual(args);
    expect(parsed.values.detach).toBe(detach);
  });
});

describe("refusals", () => {
  test.each([
    [["--nope"], "unknown flag: --nope"],
    [["--nope=1"], "unknown flag: --nope"],
    [["--toString"], "unknown flag: --toString"],
    [["-dz"], "unknown shorthand flag: 'z' in -z"],
    [["-zd"], "unknown shorthand flag: 'z' in -zd"],
    [["--="], "bad flag syntax: --="],
    [["---x"], "bad flag syntax: ---x"],
    [["--name"], "flag needs an argument: --name"],
    [["-de"], "flag needs an argument: 'e' in -e"],
    [["-d=x"], 'invalid argument "x" for "-d, --detach" flag: strconv.ParseBool: parsing "x": invalid syntax'],
    [["--proxy=x"], 'invalid argument "x" for "--proxy" flag: strconv.ParseBool: parsing "x": invalid syntax'],
    [["-n", "1.5"], 'invalid argument "1.5" for "-n, --count" flag: strconv.ParseInt: parsing "1.5": invalid syntax'],
    [["--nope", "--help"], "unknown flag: --nope"],
  ])("%p", (argv, message) => {
    expect(() => parse(argv)).toThrow(new UsageError(message));
  });
});

test.each([[["--help"]], [["-h"]], [["-dh"]], [["a", "--help"]]])("%p asks for help", (argv) => {
  expect(parse(argv).help).toBe(true);
});

test("-h is an ordinary letter where a flag has it", () => {
  const table = { hostname: textFlag("", { short: "h" }) };
  const { help, values } = parseFlags(table, ["-h", "me"], true);
  expect({ help, values }).toEqual({ help: false, values: { hostname: "me" } });
});
