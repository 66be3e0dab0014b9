/** images, history, load and import against recorded answers. */
import { afterAll, describe, expect, test } from "bun:test";
import type { ImageSummary } from "../../wire/image.ts";
import { run, serveRecorded } from "../testdata/surroundings.ts";

const ID = "sha256:f67082a759f88314f88595b05c14b002371d265f37a440fcb20396bf4bc378dc";
const DIGEST = "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
const summary = (RepoTags: string[], RepoDigests: string[] = []): ImageSummary => ({
  Id: ID,
  ParentId: "",
  RepoTags,
  RepoDigests,
  Created: 0,
  Size: 4_261_550,
  SharedSize: -1,
  Labels: null,
  Containers: -1,
});

const asked: URL[] = [];
const lines = (...progress: object[]): Response =>
  new Response(progress.map((line) => JSON.stringify(line)).join("\r\n"));
const engine = serveRecorded((request, url) => {
  asked.push(url);
  if (request === "POST /images/load") return lines({ stream: "Loaded image: app:1\x1b[2J\n" });
  if (request === "POST /images/create")
    return lines({ status: "working" }, { error: "no space", errorDetail: { message: "no space" } });
  if (request.endsWith("/history")) {
    return Response.json([
      {
        Id: ID,
        Created: 0,
        CreatedBy: "RUN\ta command too long for its column, which has 45 cells",
        Tags: null,
        Size: 4_261_550,
        Comment: "c",
      },
      { Id: "<missing>", Created: 0, CreatedBy: "COPY", Tags: null, Size: 0, Comment: "" },
    ]);
  }
  return Response.json([
    summary(["app:1", "app:2", "host:5000/x:3"], [`app@${DIGEST}`]),
    summary([], [`gone@${DIGEST}`]),
    summary([]),
  ]);
});
afterAll(() => engine[Symbol.dispose]());

const names = async (...args: string[]): Promise<string[]> =>
  (await run(["images", "--format", "{{.Repository}} {{.Tag}} {{.Digest}}", ...args], engine)).stdout
    .trimEnd()
    .split("\n");

describe("images", () => {
  test("has a row for each name", async () => {
    expect(await names("--digests")).toEqual([
      `app 1 ${DIGEST}`,
      `app 2 ${DIGEST}`,
      "host:5000/x 3 <none>",
      `gone <none> ${DIGEST}`,
      "<none> <none> <none>",
    ]);
  });

  test("prints docker's columns", async () => {
    const { stdout } = await run(["images"], engine);
    const [header, first] = stdout.split("\n");
    expect(header).toBe("REPOSITORY    TAG       IMAGE ID       CREATED        SIZE");
    expect(first).toMatch(/^app {11}1 {9}f67082a759f8 {3}\d\d years ago {3}4\.26MB$/);
  });

  test("hands its argument on as a filter", async () => {
    await run(["images", "-f", "dangling=false", "app:1"], engine);
    expect(asked.at(-1)?.searchParams.get("filters")).toBe('{"dangling":["false"],"reference":["app:1"]}');
  });

  test("names a wrong template as docker does", async () => {
    const { stderr, code } = await run(["images", "--format", "{{.Foo}}"], engine);
    const reason = 'template: :1:2: executing "" at <.Foo>: can\'t evaluate field Foo in type *formatter.imageContext';
    expect({ stderr, code }).toEqual({ stderr: `template parsing error: ${reason}\n`, code: 1 });
  });
});

test("history shortens ids and commands", async () => {
  const { stdout } = await run(["history", "--human=false", "app"], engine);
  expect(stdout).toBe(
    [
      "IMAGE          CREATED AT             CREATED BY                                      SIZE      COMMENT",
      "f67082a759f8   1970-01-01T00:00:00Z   RUN a command too long for its column, which…   4261550   c",
      "<missing>      1970-01-01T00:00:00Z   COPY                                            0         ",
      "",
    ].join("\n"),
  );
});

describe("load", () => {
  test("prints what was loaded, harmlessly", async () => {
    expect(await run(["load"], { ...engine, stdin: "archive" })).toEqual({
      stdout: "Loaded image: app:1\\x1b[2J\n",
      stderr: "",
      code: 0,
    });
  });

  test("refuses a terminal as its input", async () => {
    expect((await run(["load"], { ...engine, terminal: true })).stderr).toBe(
      "requested load from stdin, but stdin is empty\n",
    );
  });

  test("names a file that is not there", async () => {
    const { stderr, code } = await run(["load", "-i", "/nowhere/x.tar"], engine);
    expect({ stderr, code }).toEqual({ stderr: "open /nowhere/x.tar: no such file or directory\n", code: 1 });
  });
});

test("import ends with the error of the stream", async () => {
  expect(await run(["import", "-", "app:1"], { ...engine, stdin: "tar" })).toEqual({
    stdout: "working\n",
    stderr: "no space\n",
    code: 1,
  });
});
