/** save, commit, prune, df, tree, diff and verify against recorded answers. */
import { afterAll, beforeEach, describe, expect, test } from "bun:test";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { run, serveRecorded } from "../testdata/surroundings.ts";

const ID = `sha256:${"ab".repeat(32)}`;
const dir = mkdtempSync(join(tmpdir(), "tare-save-"));

const section = (total: number, active: number, size: number, reclaimable: number, items: object[] = []) => ({
  TotalCount: total,
  ActiveCount: active,
  TotalSize: size,
  Reclaimable: reclaimable,
  Items: items,
});
const image = (more: object) => ({
  Id: ID,
  ParentId: "",
  RepoTags: ["app:1", "app:2"],
  RepoDigests: [],
  Created: 0,
  Size: 2_000_000,
  SharedSize: 500_000,
  Labels: null,
  Containers: 1,
  ...more,
});
const manifest = (digit: string, platform: object, available: boolean) => ({
  ID: `sha256:${digit.repeat(64)}`,
  Descriptor: { mediaType: "m", digest: `sha256:${digit.repeat(64)}`, size: 1 },
  Available: available,
  Size: { Content: available ? 1000 : 0, Total: available ? 2_001_000 : 0 },
  Kind: "image",
  ImageData: { Platform: platform, Containers: [], Size: { Unpacked: 0 } },
});

const asked: string[] = [];
const ANSWERS: Readonly<Record<string, () => Response>> = {
  "GET /images/get": () => new Response("an archive"),
  "POST /commit": () => Response.json({ Id: ID }, { status: 201 }),
  "POST /images/prune": () =>
    Response.json({ ImagesDeleted: [{ Untagged: "a\u001b[2J:1" }, { Deleted: ID }], SpaceReclaimed: 1_500_000 }),
  "GET /system/df": () =>
    Response.json({
      ImageUsage: section(2, 1, 2_000_000, 500_000, [image({}), image({ RepoTags: [], Containers: 0 })]),
      ContainerUsage: section(0, 0, 0, 0),
      VolumeUsage: section(1, 0, 7, 7, [{ Name: "v", UsageData: { Size: 7, RefCount: 0 } }]),
      BuildCacheUsage: section(0, 0, 0, 0),
    }),
  "GET /images/json": () =>
    Response.json([
      image({
        Manifests: [
          manifest("1", { os: "linux", architecture: "amd64" }, true),
          manifest("2", { os: "linux", architecture: "arm", variant: "v7" }, false),
        ],
      }),
      image({ RepoTags: [], Containers: 0 }),
    ]),
  "GET /images/a/diff": () =>
    Response.json({
      Config: [{ Field: "Cmd", From: "", To: '["x"]' }],
      Changes: [
        { Path: "/b\u001b[2J", Kind: 1, Size: 1000, OldSize: 0 },
        { Path: "/c", Kind: 0, Size: 1, OldSize: 5 },
        { Path: "/d", Kind: 2, Size: 0, OldSize: 0 },
      ],
    }),
};
const engine = serveRecorded((request, url) => {
  asked.push(`${request}${url.search}`);
  return ANSWERS[request]?.() ?? Response.json({ message: `unexpected ${request}` }, { status: 500 });
});
beforeEach(() => {
  asked.length = 0;
});
afterAll(() => {
  engine[Symbol.dispose]();
  rmSync(dir, { recursive: true });
});

const last = (): string => decodeURIComponent(asked.at(-1) ?? "");

describe("save", () => {
  test("writes to standard output", async () => {
    expect(await run(["save", "a", "b"], engine)).toEqual({ stdout: "an archive", stderr: "", code: 0 });
    expect(last()).toBe("GET /images/get?names=a&names=b");
  });

  test("refuses to write to a terminal", async () => {
    const { stderr, code } = await run(["save", "a"], { ...engine, terminal: true });
    expect([stderr, code]).toEqual(["cowardly refusing to save to a terminal. Use the -o flag or redirect\n", 1]);
  });

  test("writes a file that has its name only once it is whole", async () => {
    const path = join(dir, "a.tar");
    expect(await run(["save", "-o", path, "a"], engine)).toEqual({ stdout: "", stderr: "", code: 0 });
    expect(readFileSync(path, "utf8")).toBe("an archive");
    expect(readdirSync(dir)).toEqual(["a.tar"]);
  });

  test("leaves a file alone when the engine refuses", async () => {
    const path = join(dir, "b.tar");
    const refusing = serveRecorded(() => Response.json({ message: "No such image: x" }, { status: 404 }));
    const { stderr } = await run(["save", "-o", path, "x"], refusing);
    expect([stderr, existsSync(path)]).toEqual(["Error response from daemon: No such image: x\n", false]);
    refusing[Symbol.dispose]();
  });

  test.each([
    ["/nosuch/dir/x", "failed to save image: invalid output path: stat /nosuch/dir: no such file or directory\n"],
    ["/dev/null", "failed to save image: cannot write to a character device file\n"],
  ])("refuses to write to %s", async (path, message) => {
    expect((await run(["save", "-o", path, "a"], engine)).stderr).toBe(message);
  });

  test.each([
    ["linux/arm64/v8", '{"os":"linux","architecture":"arm64","variant":"v8"}'],
    ["arm64", '{"os":"linux","architecture":"arm64"}'],
  ])("hands the platform %s on as the API has it", async (platform, json) => {
    await run(["save", "--platform", platform, "a"], engine);
    expect(last()).toBe(`GET /images/get?names=a&platform=${json}`);
  });

  test("refuses what is no platform", async () => {
    expect((await run(["save", "--platform", "a/b/c/d", "x"], engine)).stderr).toBe(
      'invalid platform: "a/b/c/d": cannot parse platform specifier: invalid argument\n',
    );
  });
});

test("commit hands everything on and prints the id", async () => {
  const flags = ["-a", "me", "-m", "why", "-c", "CMD x", "-c", "USER u", "-p=false"];
  expect((await run(["commit", ...flags, "web", "reg:5/app:2"], engine)).stdout).toBe(`${ID}\n`);
  expect(last()).toBe(
    "POST /commit?container=web&repo=reg:5/app&tag=2&author=me&changes=CMD x&changes=USER u&comment=why&pause=0",
  );
});

describe("image prune", () => {
  test("tells what went, harmlessly", async () => {
    const { stdout } = await run(["image", "prune", "-f", "--filter", "until=1h"], engine);
    expect(stdout).toBe(`Deleted Images:\nuntagged: a\\x1b[2J:1\ndeleted: ${ID}\n\nTotal reclaimed space: 1.5MB\n`);
    expect(last()).toBe('POST /images/prune?filters={"until":["1h"],"dangling":["true"]}');
  });

  test("asks before, and for all images in other words", async () => {
    const { stdout } = await run(["image", "prune", "-a"], { ...engine, stdin: "n\n" });
    expect(stdout).toBe(
      "WARNING! This will remove all images without at least one container associated to them.\nAre you sure you want to continue? [y/N] ",
    );
    expect(asked).toEqual([]);
  });
});

describe("system df", () => {
  test("has a row for each kind of object", async () => {
    expect((await run(["system", "df"], engine)).stdout).toBe(
      [
        "TYPE            TOTAL     ACTIVE    SIZE      RECLAIMABLE",
        "Images          2         1         2MB       500kB (25%)",
        "Containers      0         0         0B        0B",
        "Local Volumes   1         0         7B        7B (100%)",
        "Build Cache     0         0         0B        0B",
        "",
      ].join("\n"),
    );
  });

  test("with -v lists everything, an image once whatever names it has", async () => {
    const { stdout } = await run(["system", "df", "-v"], engine);
    const lines = stdout.split("\n").map((line) => line.replaceAll(/ {2,}/g, "  "));
    expect(
      lines.filter((line) => /^(app|<none>)/.test(line)).map((line) => line.replace(/\d+ years/, "N years")),
    ).toEqual([
      "app  1  abababababab  N years ago  2MB  500kB  1.5MB  1",
      "<none>  <none>  abababababab  N years ago  2MB  500kB  1.5MB  0",
    ]);
    expect(lines).toContain("v  0  7B");
  });

  test("gives templates the lists", async () => {
    const { stdout } = await run(
      ["system", "df", "-v", "--format", "{{range .Volumes}}{{.Name}} {{.Size}}{{end}}"],
      engine,
    );
    expect(stdout).toBe("v 7B");
  });
});

describe("images --tree", () => {
  test("shows platforms below their image, and what is in use or not here", async () => {
    expect((await run(["images", "--tree"], engine)).stdout).toBe(
      [
        "IMAGE             ID             DISK USAGE   CONTENT SIZE   EXTRA",
        "app:1             abababababab   2MB          1kB            U",
        "app:2                                                        ",
        "├─ linux/amd64    111111111111   2MB          1kB            ",
        "└─ linux/arm/v7   222222222222   0B           0B             not here",
        "<untagged>        abababababab   2MB          0B             ",
        "",
      ].join("\n"),
    );
  });

  test("refuses flags that it has no use for", async () => {
    expect((await run(["images", "--tree", "-q"], engine)).stderr).toBe("--quiet is not yet supported with --tree\n");
  });
});

test("image diff shows the configuration first, then files, and with -s their growth", async () => {
  expect((await run(["image", "diff", "-s", "a", "b"], engine)).stdout).toBe(
    'Cmd: <none> -> ["x"]\nA /b\\x1b[2J +1kB\nC /c -4B\nD /d\n',
  );
  expect(last()).toBe("GET /images/a/diff?to=b");
});
