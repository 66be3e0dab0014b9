/**
 * SECURITY row 13, by way of a registry (CVE-2021-41190): a document that one reader takes for a manifest and another for an index, or
 * that says another type than it comes as, is not pulled; and what was pulled under a digest has that digest, whatever came before it.
 */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { TestEngine } from "../harness/engine.ts";
import { INDEX, leftovers, MANIFEST, putParts, refusal, rogue, smallLayer } from "../harness/rogue.ts";

let engine: TestEngine;
beforeAll(async () => {
  engine = await TestEngine.start();
});
afterAll(() => engine[Symbol.asyncDispose]());

type Document = Record<string, unknown>;

test.each<[string, (good: Document) => [unknown, string]]>([
  ["a manifest that also has manifests", (good) => [{ ...good, manifests: [] }, MANIFEST]],
  ["a manifest that calls itself an index", (good) => [{ ...good, mediaType: INDEX }, MANIFEST]],
  ["a manifest that comes as an index", (good) => [{ ...good, mediaType: "" }, INDEX]],
  ["an index that comes as a manifest", () => [{ schemaVersion: 2, manifests: [] }, MANIFEST]],
  [
    "layers twice, in different letters",
    (good) => [JSON.stringify(good).replace('"layers"', '"Layers":[],"layers"'), MANIFEST],
  ],
])("%s is refused", async (_what, change) => {
  using registry = rogue();
  const good: Document = JSON.parse(putParts(registry, { layers: [smallLayer()] }));
  const [document, type] = change(good);
  registry.putManifest("a/b", "1", document, type);
  expect(await refusal(engine, registry)).toMatch(/ambiguous manifest|neither an image manifest nor an index/);
  expect(leftovers(engine)).toEqual([]);
});

test("the same image without any of that is pulled", async () => {
  using registry = rogue();
  putParts(registry, { layers: [smallLayer()] });
  expect(await refusal(engine, registry)).toBe("it was pulled");
});
