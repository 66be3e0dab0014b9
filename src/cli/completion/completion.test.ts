/** Completion: what may follow, and that bash shows it. */
import { afterAll, describe, expect, test } from "bun:test";
import { run, serveRecorded } from "../testdata/surroundings.ts";
import { candidates } from "./candidates.ts";
import { SCRIPTS } from "./scripts.ts";

const words = async (...line: string[]): Promise<string[]> =>
  (await candidates(line, async (key, given) => [`<${key} ${given.length}>`])).map(({ word }) => word);

describe("candidates()", () => {
  test.each([
    ["commands", ["re"], ["rename", "restart"]],
    ["no hidden or grouped command", ["container-"], []],
    ["no command that is not for people", ["__"], []],
    ["the commands of a group", ["container", "l"], ["logs", "ls", "list"]],
    ["flags", ["ps", "--no"], ["--no-trunc"]],
    ["short flags", ["stop", "-"], ["--signal", "-s", "--timeout", "-t"]],
    ["global flags", ["--ho"], ["--host"]],
    ["names after flags with values", ["stop", "-t", "3", "a", ""], ["<stop 1>"]],
    ["names after switches", ["logs", "-f", ""], ["<logs 0>"]],
    ["names after a global flag with a value", ["-H", "x", "stop", ""], ["<stop 0>"]],
    ["names in a group", ["image", "rm", ""], ["<rmi 0>"]],
    ["nothing where a flag's value stands", ["logs", "--since", ""], []],
    ["nothing after an unknown command", ["nope", ""], []],
  ])("has %s", async (_what, line, expected) => {
    expect(await words(...line)).toEqual(expected);
  });
});

const engine = serveRecorded((request, url) => {
  if (request === "GET /images/json") return Response.json([{ RepoTags: ["app:latest", "app:2"] }]);
  const running = url.searchParams.get("filters")?.includes("running") ?? false;
  return Response.json([{ Names: ["/web"] }, ...(running ? [] : [{ Names: ["/old\x1b", "/web/link"] }])]);
});
afterAll(() => engine[Symbol.dispose]());

describe("__complete", () => {
  test.each([
    [["stop", ""], "web\n"],
    [["rm", ""], "web\nold\\x1b\n"],
    [["rm", "web", ""], "old\\x1b\n"],
    [["rmi", "app"], "app:latest\napp\napp:2\n"],
    [["exec", "web", ""], ""],
  ])("%p", async (line, stdout) => {
    expect(await run(["__complete", "--", ...line], engine)).toEqual({ stdout, stderr: "", code: 0 });
  });

  test("is silent without an engine", async () => {
    expect(await run(["__complete", "--", "stop", ""])).toEqual({ stdout: "", stderr: "", code: 0 });
  });
});

describe("the bash script", () => {
  /** The replies to a line, from a `tare` that answers `lines`. */
  const replies = (line: string, lines: string): string => {
    const script = `tare() { printf '%s' "$ANSWER"; }\n${SCRIPTS.bash}\nCOMP_LINE=$LINE; COMP_POINT=\${#LINE}; _tare; echo "\${COMPREPLY[*]}"`;
    const env = { LINE: line, ANSWER: lines, PATH: "/usr/bin:/bin" };
    return Bun.spawnSync(["bash", "-c", script], { env }).stdout.toString().trimEnd();
  };

  test("offers the words without their descriptions", () => {
    expect(replies("tare re", "rename\tRename a container\nrestart\tRestart\n")).toBe("rename restart");
  });

  test("offers what follows the colon of an image's name, where bash breaks words", () => {
    expect(replies("tare rmi host:50", "host:5000/app:1\n")).toBe("5000/app:1");
  });
});

test("completion refuses a shell it does not know", async () => {
  const { stderr, code } = await run(["completion", "tcsh"]);
  expect({ stderr, code }).toEqual({
    stderr: 'there is no completion for "tcsh": there is bash, zsh, fish\n',
    code: 1,
  });
});
