import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import type { Instruction } from "./instruction.ts";
import { parseDockerfile, parseTrigger } from "./parse.ts";
import { DockerfileError } from "./place.ts";

/** The instructions of the first stage, after FROM. */
function body(text: string): readonly Instruction[] {
  return parseDockerfile(`FROM scratch\n${text}`).stages[0]?.instructions ?? [];
}

function refusal(text: string): { message: string; lines: unknown } {
  try {
    parseDockerfile(text);
  } catch (error) {
    if (error instanceof DockerfileError) return { message: error.message, lines: error.lines };
    throw error;
  }
  throw new Error("it was taken");
}

describe("errors have BuildKit's words and place", () => {
  const onLine = (message: string): string => `dockerfile parse error on line 2: ${message}`;

  test.each([
    ["RUNN x", onLine("unknown instruction: RUNN (did you mean RUN?)")],
    ["COPY --fom=x a b", onLine("unknown flag: --fom (did you mean from?)")],
    ["COPY --from=a --from=b a b", onLine("duplicate flag specified: --from")],
    [
      "COPY a",
      onLine("COPY requires at least two arguments, but only one was provided. Destination could not be determined"),
    ],
    ["COPY --link=foo a b", onLine("expecting boolean value for flag --link, not: foo")],
    ["COPY --link= a b", onLine("missing a value on flag: --link")],
    ["COPY --chown a b", onLine("missing a value on flag: --chown")],
    ["ENV a", "ENV must have two arguments"],
    ["ENV a=b c", 'Syntax error - can\'t find = in "c". Must be of the form: name=value'],
    ['LABEL a=b "c d"', 'Syntax error - can\'t find = in "\\"c d\\"". Must be of the form: name=value'],
    ["ENV =x", onLine("ENV names can not be blank")],
    ["ARG", onLine("ARG requires at least one argument")],
    ["ARG =x", onLine("ARG names can not be blank")],
    ["CMD [1]", "when using JSON array syntax, arrays must be comprised of strings only"],
    ["SHELL x", onLine("SHELL requires the arguments to be in JSON form")],
    ["HEALTHCHECK X y", onLine('Unknown type "X" in HEALTHCHECK (try CMD)')],
    ["HEALTHCHECK --interval=1us CMD y", onLine('Interval "interval" cannot be less than 1ms')],
    ["HEALTHCHECK --interval=5 CMD y", onLine('time: missing unit in duration "5"')],
    ["HEALTHCHECK --retries=-1 CMD y", onLine("--retries cannot be negative (-1)")],
    ["HEALTHCHECK NONE x", onLine("HEALTHCHECK NONE takes no arguments")],
    ["HEALTHCHECK CMD", onLine("Missing command after HEALTHCHECK CMD")],
    ["ONBUILD FROM x", onLine("FROM isn't allowed as an ONBUILD trigger")],
    ["ONBUILD ONBUILD RUN x", onLine("Chaining ONBUILD via `ONBUILD ONBUILD` isn't allowed")],
    ["ONBUILD", onLine("ONBUILD requires at least one argument")],
    ["RUN --network=foo a b", onLine('invalid network mode "foo"')],
    [
      "RUN --mount=type=bind,from=$a,target=/x x",
      onLine("'from' doesn't support variable expansion, define alias stage instead"),
    ],
    ["WORKDIR", onLine("WORKDIR requires exactly one argument")],
    ["STOPSIGNAL", onLine("STOPSIGNAL requires exactly one argument")],
    ["MAINTAINER", onLine("MAINTAINER requires exactly one argument")],
    ['VOLUME [""]', onLine("VOLUME specified can not be an empty string")],
    ["FROM a b", onLine("FROM requires either one or three arguments")],
    [
      "FROM scratch as 1x",
      onLine('invalid name for build stage: "1x", name can\'t start with a number or contain symbols'),
    ],
  ])("%s", (statement, message) => {
    expect(refusal(`FROM scratch\n${statement}\n`)).toEqual({ message, lines: { first: 2, last: 2 } });
  });

  test.each([
    ["RUN x\n", "no build stage in current context", 1, 1],
    ["# only words\n", "file with no instructions", 1, 1],
    ["FROM scratch\nRUN <<E\nfoo\n", "unterminated heredoc", 2, 3],
    ["#escape=x\nFROM scratch\n", "invalid escape token 'x' does not match ` or \\", 1, 1],
    ["#escape=`\n#escape=`\nFROM scratch\n", "only one escape parser directive can be used", 2, 2],
  ])("%p", (text, message, first, last) => {
    expect(refusal(text)).toEqual({ message, lines: { first, last } });
  });
});

test("a continued line is one statement, with comments and empty lines in it told apart", () => {
  const file = parseDockerfile("FROM scratch\nRUN a \\\n# no part of it\n  b \\\n\n  c\nUSER x\n");
  const [run, user] = file.stages[0]?.instructions ?? [];
  expect(run).toMatchObject({
    name: "RUN",
    command: { words: ["a   b   c"], shell: true },
    lines: { first: 2, last: 6 },
  });
  expect(user?.lines).toEqual({ first: 7, last: 7 });
  expect(file.emptyContinuations).toEqual([{ first: 2, last: 6 }]);
});

test("an escape character that is escaped continues nothing", () => {
  expect(body("RUN a\\\\\nUSER b")).toMatchObject([{ command: { words: ["a\\\\"] } }, { name: "USER", user: "b" }]);
});

test("directives end at the first line that is none", () => {
  expect(parseDockerfile("# syntax=docker/dockerfile:1\n# Escape = `\nFROM a\n").directives).toEqual({
    syntax: "docker/dockerfile:1",
    escape: "`",
    check: undefined,
  });
  expect(parseDockerfile("# words\n# escape=`\nFROM a\n").directives.escape).toBe("\\");
  expect(parseDockerfile("#foo=bar\n#escape=`\nFROM a\n").directives.escape).toBe("\\");
});

test("a byte order mark, carriage returns and keywords in any case are taken", () => {
  const file = parseDockerfile("\uFEFFfrom a AS Build\r\nrun x\r\n");
  expect(file.stages[0]?.from).toMatchObject({ base: "a", stage: "build", keyword: "from" });
  expect(file.stages[0]?.instructions).toMatchObject([{ name: "RUN", command: { words: ["x"] } }]);
});

test("commands are JSON arrays or go through the shell", () => {
  expect(body('CMD ["a", "b c"]\nENTRYPOINT a "b c"\nRUN [a]\nRUN\n')).toMatchObject([
    { name: "CMD", command: { words: ["a", "b c"], shell: false } },
    { name: "ENTRYPOINT", command: { words: ['a "b c"'], shell: true } },
    { name: "RUN", command: { words: ["[a]"], shell: true } },
    { name: "RUN", command: { words: [], shell: true } },
  ]);
});

test("keys and values keep their quotes, and the old notation takes the rest of the line", () => {
  expect(body(`ENV a="b c" d='e' f=g\\ h\nENV old  the rest = all\n`)).toMatchObject([
    {
      pairs: [
        { key: "a", value: '"b c"', legacy: false },
        { key: "d", value: "'e'" },
        { key: "f", value: "g\\ h" },
      ],
    },
    { pairs: [{ key: "old", value: "the rest = all", legacy: true }] },
  ]);
});

test("COPY takes flags, paths in JSON, and here-documents as files", () => {
  const [json, here] = body(
    'COPY --from=x --chown=1:2 --exclude=a --exclude=b ["a b", "c"]\nCOPY <<a <<-"b" /d/\n1 $x\na\n\t2\nb\n',
  );
  expect(json).toMatchObject({
    from: "x",
    transfer: { sources: ["a b"], destination: "c", chown: "1:2", exclude: ["a", "b"], inline: [] },
  });
  expect(here).toMatchObject({
    transfer: {
      sources: [],
      destination: "/d/",
      inline: [
        { name: "a", text: "1 $x\n", expand: true },
        { name: "b", text: "2\n", expand: false },
      ],
    },
    lines: { first: 3, last: 7 },
  });
});

test("RUN takes here-documents, and a shift in arithmetic is none", () => {
  const [run, shift] = body("RUN --mount=type=cache,target=/c <<E cat\nhi\nE\nRUN echo $((1 << 2))\nUSER x\n");
  expect(run).toMatchObject({
    command: { words: ["<<E cat"] },
    files: [{ name: "E", text: "hi\n", chomp: false }],
    mounts: ["type=cache,target=/c"],
  });
  expect(shift).toMatchObject({ command: { words: ["echo $((1 << 2))"] }, files: [] });
});

test("comments before ARG and FROM describe them", () => {
  const file = parseDockerfile(
    "# v the version\nARG v=1\n# out what is shipped\n\nFROM scratch AS out\n\n# x far\n#\nARG x\n",
  );
  expect(file.globalArgs[0]?.args).toEqual([{ key: "v", value: "1", description: "the version" }]);
  expect(file.stages[0]?.from.description).toBe("what is shipped");
  expect(file.stages[0]?.instructions[0]).toMatchObject({ args: [{ key: "x", value: undefined, description: "" }] });
});

test("ONBUILD keeps its trigger, which is parsed when a stage builds on it", () => {
  const [onbuild] = body("ONBUILD RUN <<E\nhi\nE\n");
  expect(onbuild).toMatchObject({ name: "ONBUILD", trigger: "RUN <<E\nhi\nE" });
  expect(parseTrigger("COPY . /a", { first: 3, last: 3 })).toMatchObject({
    name: "COPY",
    lines: { first: 3, last: 3 },
  });
});

test("health checks have options in nanoseconds", () => {
  expect(body("HEALTHCHECK --interval=1m --retries=3 CMD a b\nHEALTHCHECK NONE\n")).toMatchObject([
    { test: ["CMD-SHELL", "a b"], options: { interval: 60e9, retries: 3, timeout: 0 } },
    { test: ["NONE"] },
  ]);
});

test("any text is a Dockerfile or a DockerfileError", () => {
  const line = fc.oneof(
    fc.string({ unit: "binary" }),
    fc
      .tuple(fc.constantFrom("FROM", "RUN", "COPY", "ENV", "ARG", "ONBUILD", "HEALTHCHECK", "ADD", "#"), fc.string())
      .map((words) => words.join(" ")),
  );
  fc.assert(
    fc.property(fc.array(line), (lines) => {
      try {
        parseDockerfile(lines.join("\n"));
      } catch (error) {
        expect(error).toBeInstanceOf(DockerfileError);
      }
    }),
    { numRuns: 2000 },
  );
});
