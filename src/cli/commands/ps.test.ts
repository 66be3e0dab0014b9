/** ps against what `docker ps` (28.2) printed for the same answer of the engine. */
import { afterAll, beforeAll, describe, expect, setSystemTime, test } from "bun:test";
import containers from "../testdata/containers.json";
import cases from "../testdata/ps.json";
import { run, serveRecorded } from "../testdata/surroundings.ts";

const RECORDED_AT = new Date("2026-11-22T15:51:51Z");
const sizes: (string | null)[] = [];

const engine = serveRecorded((request, url) => {
  if (request !== "GET /containers/json") return new Response("{}", { status: 404 });
  const size = url.searchParams.get("size");
  sizes.push(size);
  const unsized = containers.map(({ SizeRootFs: _size, ...container }) => container);
  return Response.json(size === null ? unsized : containers);
});

beforeAll(() => {
  setSystemTime(RECORDED_AT);
});
afterAll(() => {
  setSystemTime();
  engine[Symbol.dispose]();
});

/** The recordings took some seconds. */
const settle = (text: string): string => text.replace(/\d seconds\b/g, "N seconds");

/** docker lets control characters of labels through; we show them. */
const shown = (text: string): string => text.replaceAll("\x1b", "\\x1b").replaceAll("red\n,", "red\\n,");

const asOurs = (message: string): string => message.replaceAll("docker", "tare");

test.each(cases)("prints what docker prints with $args", async ({ args, stdout, stderr, code }) => {
  const ran = await run(["ps", "-a", ...args], engine);
  expect(settle(ran.stdout)).toBe(settle(shown(stdout)));
  expect(ran.stderr).toBe(asOurs(stderr));
  expect(ran.code).toBe(code);
});

describe("the engine measures sizes", () => {
  test.each([
    ["not for the table", [], null],
    ["for --size", ["--size"], "1"],
    ["for a template that shows them", ["--format", "{{.Size}}"], "1"],
    ["for a template that shows everything", ["--format", "{{json .}}"], "1"],
    ["not for another template", ["--format", "{{.ID}}"], null],
    ["not for json", ["--format", "json"], null],
  ])("%s", async (_when, args, asked) => {
    await run(["ps", ...args], engine);
    expect(sizes.at(-1)).toBe(asked);
  });
});

test("says that a custom format is ignored with -q", async () => {
  const { stdout, stderr } = await run(["ps", "-q", "--format", "{{.Names}}"], engine);
  expect(stdout.split("\n")[0]).toMatch(/^[0-9a-f]{12}$/);
  expect(stderr).toBe("WARNING: Ignoring custom format, because both --format and --quiet are set.\n");
});

test("refuses a filter without a value", async () => {
  const { stderr, code } = await run(["ps", "-f", "bad"]);
  expect(stderr).toStartWith(
    'invalid argument "bad" for "-f, --filter" flag: bad format of filter (expected name=value)\n',
  );
  expect(code).toBe(125);
});

describe("hostile names, labels and states", () => {
  const hostile = "evil\x1b]52;c;AAAA\x07\r\u009b2J\u202e";
  const [container] = containers;
  const evil = serveRecorded(() =>
    Response.json([
      { ...container, Names: [`/${hostile}`], Image: hostile, Status: hostile, Labels: { [hostile]: hostile } },
    ]),
  );
  afterAll(() => evil[Symbol.dispose]());

  test.each([
    ["the table", []],
    ["the whole", ["--no-trunc"]],
    ["raw", ["--format", "raw"]],
    ["json", ["--format", "json"]],
    ["a template", ["--format", "{{.Names}} {{.Labels}} {{.Image}} {{.Status}}"]],
    ["a template's json", ["--format", "{{json .}}"]],
    ["a table template", ["--format", "table {{.Names}}\t{{.Labels}}"]],
  ])("reach the terminal without a control character in %s", async (_form, args) => {
    const { stdout } = await run(["ps", "-a", ...args], evil);
    expect(stdout).toContain("evil");
    expect(stdout.replace(/[\n\t]/g, "")).not.toMatch(/[\p{Cc}\p{Bidi_Control}]/u);
  });
});
