/**
 * SECURITY row 10, the marks of overlayfs: neither whiteouts with odd names nor the attributes and devices that overlayfs itself writes
 * let a layer touch more than what the image format gives it.
 */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { createHash } from "node:crypto";
import { type TarMember, writeTar } from "../../src/base/tar/writer.ts";
import { TestEngine } from "../harness/engine.ts";
import { busyboxRootfs } from "../harness/images.ts";

let engine: TestEngine;

const file = (name: string, more: Partial<TarMember> = {}): TarMember => ({
  type: "file",
  name,
  data: Buffer.from("x"),
  ...more,
});
const directory = (name: string, pax: Record<string, string> = {}): TarMember => ({
  type: "directory",
  name,
  mode: 0o755,
  pax,
});
const xattr = (name: string, value: string): Record<string, string> => ({ [`SCHILY.xattr.${name}`]: value });
const sha256 = (data: Uint8Array): string => createHash("sha256").update(data).digest("hex");

/** An image of busybox, a layer with a secret, and the hostile layer on top. */
async function load(name: string, top: readonly TarMember[]): Promise<{ exitCode: number; stderr: string }> {
  const secret = writeTar([directory("kept/"), file("kept/secret", { data: Buffer.from("below"), mode: 0o600 })]);
  const layers = [Buffer.from(await busyboxRootfs()), secret, writeTar(top)];
  const config = Buffer.from(
    JSON.stringify({
      architecture: process.arch === "x64" ? "amd64" : process.arch,
      os: "linux",
      config: { Env: ["PATH=/bin"] },
      rootfs: { type: "layers", diff_ids: layers.map((layer) => `sha256:${sha256(layer)}`) },
    }),
  );
  const names = layers.map((_, at) => `${at}.tar`);
  const manifest = Buffer.from(
    JSON.stringify([{ Config: "config.json", RepoTags: [`${name}:latest`], Layers: names }]),
  );
  const archive = writeTar([
    file("manifest.json", { data: manifest }),
    file("config.json", { data: config }),
    ...layers.map((data, at) => file(`${at}.tar`, { data })),
  ]);
  const { exitCode, stdout, stderr } = await engine.dockerWith({ stdin: archive }, "load");
  return { exitCode, stderr: stdout + stderr };
}

const inside = (name: string, script: string): Promise<string> =>
  engine.dockerOutput("run", "--rm", name, "sh", "-c", script);

describe.each([
  ["mounted", "auto"],
  ["extracted", "extracted"],
])("with layers that are %s", (_form, storage) => {
  beforeAll(async () => {
    engine = await TestEngine.start({ config: { "layer-storage": storage } });
  });

  afterAll(() => engine[Symbol.asyncDispose]());

  test.each([".wh.", ".wh..", ".wh...", "kept/.wh...", ".wh.kept/secret", ".wh.../secret"])(
    "the whiteout %s is refused",
    async (name) => {
      const { exitCode, stderr } = await load("odd", [file(name)]);
      expect([exitCode, stderr]).toEqual([1, expect.stringContaining("invalid whiteout")]);
    },
  );

  test.each<[string, TarMember[]]>([
    [
      "a device 0:0 with the name of a lower file",
      [directory("kept/"), { type: "char", name: "kept/secret", major: 0, minor: 0 }],
    ],
    ["an opaque mark among the attributes", [directory("kept/", xattr("trusted.overlay.opaque", "y"))]],
    ["an opaque mark of the unprivileged kind", [directory("kept/", xattr("user.overlay.opaque", "y"))]],
    [
      "a whiteout mark among the attributes",
      [
        directory("kept/", xattr("trusted.overlay.opaque", "x")),
        file("kept/secret2", { pax: xattr("trusted.overlay.whiteout", "y") }),
      ],
    ],
  ])("%s hides nothing", async (_what, top) => {
    await load("hidden", top);
    expect(await inside("hidden", "cat /kept/secret")).toBe("below");
  });

  test("a redirection among the attributes leads nowhere", async () => {
    const redirect = { ...xattr("trusted.overlay.redirect", "/etc"), ...xattr("user.overlay.redirect", "/etc") };
    const metacopy = { ...xattr("trusted.overlay.redirect", "/kept/secret"), ...xattr("trusted.overlay.metacopy", "") };
    await load("redirected", [directory("there/", redirect), file("stolen", { mode: 0o644, pax: metacopy })]);
    expect(await inside("redirected", "ls -A /there | wc -l; cat /stolen")).toBe("0\nx");
  });

  test("true whiteouts do their work, and show in no listing", async () => {
    await load("deleted", [
      file("kept/.wh.secret", { data: Buffer.alloc(0) }),
      directory("own/"),
      file("own/.wh.nothing"),
    ]);
    expect(await inside("deleted", "ls -A /kept /own; cat /kept/secret 2>&1; true")).toContain("No such file");
    expect(await inside("deleted", "ls -A /kept | wc -l; ls -A /own | wc -l")).toBe("0\n0");
  });
});
