import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { idOf, loadImage, openStore, type TestImage, type TestStore } from "./testing.ts";

let store: TestStore;

const image = (name: string, created: string, more: Partial<TestImage> = {}): TestImage => ({
  layers: [[{ type: "file", name, data: Buffer.from(name) }]],
  tags: [`${name}:1`],
  top: { created },
  ...more,
});
const OLD = image("old", "2026-01-01T00:00:00Z", { config: { Labels: { kind: "old" } } });
const NEW = image("new", "2026-03-01T00:00:00Z", { tags: ["r.example:5000/team/new:1", "new:2"] });
const NAMELESS = image("nameless", "2026-02-01T00:00:00Z", { tags: [] });
const TIMELESS = image("timeless", "", { tags: ["timeless:1"] });

beforeEach(async () => {
  store = openStore();
  for (const each of [OLD, NEW, NAMELESS, TIMELESS]) await loadImage(store.images, each);
});

afterEach(() => store[Symbol.dispose]());

async function names(filters: Record<string, string[]> = {}, all = false): Promise<string[]> {
  const listed = await store.images.list({ all, filters: new Map(Object.entries(filters)), sharedSize: false });
  return listed.map(({ RepoTags, Id }) => RepoTags.join(" ") || (Id === idOf(NAMELESS) ? "<none>" : Id));
}

const ALL = ["new:2 r.example:5000/team/new:1", "<none>", "old:1", "timeless:1"];

describe("list()", () => {
  test("shows the newest first, the timeless last", async () => {
    expect(await names()).toEqual(ALL);
    const [first] = await store.images.list({ all: false, filters: new Map(), sharedSize: false });
    expect(first).toEqual({
      Id: idOf(NEW),
      ParentId: "",
      RepoTags: ["new:2", "r.example:5000/team/new:1"],
      RepoDigests: [],
      Created: Date.UTC(2026, 2, 1) / 1000,
      Size: 3,
      SharedSize: -1,
      Labels: null,
      Containers: 0,
    });
  });

  const rows: [string, Record<string, string[]>, string[]][] = [
    ["dangling", { dangling: ["true"] }, ["<none>"]],
    ["not dangling", { dangling: ["false"] }, [...ALL.slice(0, 1), ...ALL.slice(2)]],
    ["a label", { label: ["kind"] }, ["old:1"]],
    ["a label's value", { label: ["kind=new"] }, []],
    ["before an image", { before: ["new:2"] }, ALL.slice(1)],
    ["since an image", { since: ["old:1"], before: [idOf(NEW)] }, ["<none>"]],
    ["until a time", { until: ["2026-01-15T00:00:00Z"] }, ["old:1", "timeless:1"]],
    ["a reference with its tag", { reference: ["*:1"] }, ["old:1", "timeless:1"]],
    ["a reference without a tag", { reference: ["new"] }, ["new:2"]],
    ["a reference with a host", { reference: ["*/*/new"] }, ["r.example:5000/team/new:1"]],
    ["several references", { reference: ["old", "time*"] }, ["old:1", "timeless:1"]],
  ];
  test.each(rows)("filters by %s", async (_what, filters, expected) => {
    expect(await names(filters)).toEqual(expected);
  });

  const refused: [Record<string, string[]>, string][] = [
    [{ foo: ["x"] }, "invalid filter 'foo'"],
    [{ before: ["nope"] }, "No such image: nope:latest"],
    [{ until: ["zz"] }, 'failed to parse value as time or duration: "zz"'],
    [{ reference: ["[z"] }, "syntax error in pattern"],
  ];
  test.each(refused)("refuses %j", async (filters, message) => {
    await expect(names(filters)).rejects.toThrow(message);
  });

  test("counts shared layers and containers when asked", async () => {
    const shared: TestImage = { layers: [...OLD.layers, ...NEW.layers], tags: ["both:1"] };
    await loadImage(store.images, shared);
    store.users.set(idOf(shared), [{ id: "c".repeat(64), running: false }]);
    const listed = await store.images.list({
      all: false,
      filters: new Map([["reference", ["both"]]]),
      sharedSize: true,
    });
    expect(listed).toMatchObject([{ Size: 6, SharedSize: 6, Containers: 1 }]);
  });
});

describe("tag()", () => {
  test("gives a name, takes it from another image, and survives a restart", async () => {
    await store.images.tag("old:1", "docker.io/library/again", "");
    await store.images.tag("new:2", "again", "latest");
    expect(store.events.slice(-2)).toEqual(["tag again:latest", "tag again:latest"]);
    store = store.reopen();
    expect(store.images.inspect("again").Id).toBe(idOf(NEW));
    expect(store.images.inspect("old:1").RepoTags).toEqual(["old:1"]);
  });

  test.each([
    ["nope", "a", "", "No such image: nope:latest"],
    ["old:1", "A", "", "invalid reference format: repository name (library/A) must be lowercase"],
    ["old:1", "a", "--", "invalid tag format"],
    ["old:1", `a@sha256:${"a".repeat(64)}`, "", "cannot import digest reference"],
  ])("refuses %s -> %s:%s", async (ref, repo, tag, message) => {
    await expect(store.images.tag(ref, repo, tag)).rejects.toThrow(message);
  });
});

test("history() tells the steps, newest first, with the sizes of their layers", async () => {
  const history = [
    { created: "2026-01-01T00:00:01Z", created_by: "ADD base", comment: "c" },
    { created: "2026-01-01T00:00:02Z", created_by: "ENV a=b", empty_layer: true },
    { created: "2026-01-01T00:00:03Z", created_by: "ADD top" },
  ];
  const steps: TestImage = { layers: [...OLD.layers, ...NAMELESS.layers], tags: ["steps:1"], top: { history } };
  const id = await loadImage(store.images, steps);
  const first = Date.UTC(2026, 0, 1) / 1000;
  expect(store.images.history("steps:1")).toEqual([
    { Id: id, Created: first + 3, CreatedBy: "ADD top", Tags: ["steps:1"], Size: 8, Comment: "" },
    { Id: "<missing>", Created: first + 2, CreatedBy: "ENV a=b", Tags: null, Size: 0, Comment: "" },
    { Id: "<missing>", Created: first + 1, CreatedBy: "ADD base", Tags: null, Size: 3, Comment: "c" },
  ]);
});
