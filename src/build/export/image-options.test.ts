/** Options of exporters: what BuildKit takes is taken, in its words; what nobody carries out is refused. */
import { describe, expect, test } from "bun:test";
import { SCRATCH } from "../frontend/vertex.ts";
import { annotationsOf } from "./annotations.ts";
import { NO_ATTESTATIONS } from "./export-request.ts";
import { readImageOptions } from "./image-options.ts";
import { readTreeParts } from "./tree-options.ts";

const read = (type: "image" | "oci" | "docker" | "local", attributes: Record<string, string>) =>
  readImageOptions({ type, attributes: new Map(Object.entries(attributes)) });

const AMD = { os: "linux", architecture: "amd64", variant: "" };
const ARM = { os: "linux", architecture: "arm64", variant: "v8" };

describe("readImageOptions()", () => {
  test.each<[string, Record<string, string>, string]>([
    ["lz4", { compression: "lz4" }, "unsupported compression type lz4"],
    ["eStargz", { compression: "estargz" }, "compression type estargz is not supported"],
    [
      "a level that is no number",
      { "compression-level": "x" },
      'non-integer value x specified for compression-level: strconv.ParseInt: parsing "x": invalid syntax',
    ],
    [
      "a level out of range",
      { compression: "gzip", "compression-level": "99" },
      "compression-level of gzip is 0 to 9, not 99",
    ],
    [
      "a flag that is none",
      { "force-compression": "x" },
      'non-bool value x specified for force-compression: strconv.ParseBool: parsing "x": invalid syntax',
    ],
    [
      "a bad name",
      { name: "Bad" },
      "failed to parse Bad: invalid reference format: repository name (library/Bad) must be lowercase",
    ],
    ["an annotation of nothing", { "annotation-foo.x": "y" }, "unrecognized annotation type foo"],
    [
      "an annotation of an index for one platform",
      { "annotation-index[linux/amd64].x": "y" },
      "platform specified for index annotation x",
    ],
    ["what it does not know", { bogus: "1" }, 'oci: option "bogus" is not supported'],
    ["what it knows and does not do", { "oci-artifact": "true" }, "oci: oci-artifact=true is not supported"],
    ["options of other exporters", { push: "true" }, 'oci: option "push" is not supported'],
    ["times that are none", { "source-date-epoch": "x" }, "invalid SOURCE_DATE_EPOCH: x"],
  ])("refuses %s", (_what, attributes, message) => {
    expect(() => read("oci", attributes)).toThrow(message);
  });

  test("writes Docker's documents for docker, and the OCI's where they are needed", () => {
    expect(read("docker", {}).words).toBe("docker");
    expect(read("image", {}).words).toBe("docker");
    expect(read("oci", {}).words).toBe("oci");
    expect(read("oci", { "oci-mediatypes": "false" }).words).toBe("docker");
    expect(read("image", { compression: "zstd", "oci-mediatypes": "false" }).words).toBe("oci");
    expect(read("image", { "annotation.a": "b" }).words).toBe("oci");
  });

  test("takes several names, with and without tags", () => {
    expect(read("image", { name: "a, b:1,*" }).names).toEqual([
      { domain: "docker.io", path: "library/a" },
      { domain: "docker.io", path: "library/b", tag: "1" },
    ]);
  });

  test("an empty time of the source makes times what they are", () => {
    expect(read("oci", { "source-date-epoch": "" }).epoch).toBe("none");
    expect(read("oci", { "source-date-epoch": "5" }).epoch).toBe(5);
    expect(read("oci", {}).epoch).toBeUndefined();
  });
});

test("annotationsOf() takes those of a level, for all platforms or the document's own", () => {
  const { annotations } = read("oci", {
    "annotation.z": "all",
    "annotation-manifest[linux/arm64/v8].a": "arm",
    "annotation-index.i": "index",
    "annotation-manifest-descriptor.d": "descriptor",
  });
  expect(annotationsOf(annotations, "manifest", AMD)).toEqual({ z: "all" });
  expect(Object.keys(annotationsOf(annotations, "manifest", ARM))).toEqual(["a", "z"]);
  expect(annotationsOf(annotations, "index")).toEqual({ i: "index" });
  expect(annotationsOf(annotations, "manifest-descriptor", AMD)).toEqual({ d: "descriptor" });
});

describe("readTreeParts()", () => {
  const parts = (platforms: readonly (typeof AMD)[], attributes: Record<string, string> = {}) =>
    readTreeParts({
      exporter: { type: "local", attributes: new Map(Object.entries(attributes)) },
      index: 0,
      results: platforms.map((platform) => ({
        planned: { platform, vertex: SCRATCH, config: "{}", epoch: 7 },
        tree: { layers: [] },
      })),
      attestations: NO_ATTESTATIONS,
      inlineCache: () => Promise.resolve(undefined),
    }).map(({ prefix, epoch }) => ({ prefix, epoch }));

  test("gives each of several platforms a directory, in the order of their names", () => {
    expect(parts([ARM, AMD])).toEqual([
      { prefix: "linux_amd64", epoch: 7 },
      { prefix: "linux_arm64_v8", epoch: 7 },
    ]);
    expect(parts([AMD])).toEqual([{ prefix: "", epoch: 7 }]);
    expect(parts([AMD], { "platform-split": "true" })).toEqual([{ prefix: "linux_amd64", epoch: 7 }]);
  });

  test("refuses to mix the files of platforms, and what it does not know", () => {
    expect(() => parts([AMD, ARM], { "platform-split": "false" })).toThrow("platform-split=false is not supported");
    expect(() => parts([AMD], { mode: "delete" })).toThrow('local: option "mode" is not supported');
  });
});
