import { expect, test } from "bun:test";
import { existsSync, readdirSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { Glob } from "bun";

const REPO = resolve(import.meta.dir, "..");
const DOCUMENTS = ["*.md", "docs/**/*.md", "native/**/*.md"].flatMap((glob) => [
  ...new Glob(glob).scanSync({ cwd: REPO }),
]);

/** Where the links of a document lead that are not addresses on the network. */
async function localLinks(document: string): Promise<string[]> {
  const text = await Bun.file(join(REPO, document)).text();
  const targets = [...text.matchAll(/\]\(([^)#]+)[^)]*\)/g)].map(([, target = ""]) => target);
  return targets.filter((target) => !target.includes("://")).map((target) => join(dirname(document), target));
}

test.each(DOCUMENTS)("every link of %s leads somewhere", async (document) => {
  const dead = (await localLinks(document)).filter((target) => !existsSync(join(REPO, target)));
  expect(dead).toEqual([]);
});

test("docs/security.md names every security test", async () => {
  const named = await localLinks("docs/security.md");
  const tests = readdirSync(join(REPO, "test/security")).filter((name) => name.endsWith(".test.ts"));
  expect(tests.filter((name) => !named.includes(`test/security/${name}`))).toEqual([]);
});
