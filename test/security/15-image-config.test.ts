/**
 * SECURITY row 15, an image's configuration read as orders to the engine (CVE-2026-53488: a label ran commands of the host;
 * CVE-2022-23648: a volume's path read the host's files): labels are words, and a volume is a directory of the engine's, wherever the image
 * wants it.
 */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { lstatSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { TestEngine } from "../harness/engine.ts";
import { makeImage } from "./hostile-image.ts";

let engine: TestEngine;
/** A directory of the host that must stay as it is, and unread. */
let precious: string;

beforeAll(async () => {
  engine = await TestEngine.start();
  precious = join(engine.dir, "precious");
  mkdirSync(precious);
  writeFileSync(join(precious, "secret"), "the host's secret");
  await makeImage(engine, { name: "plain" });
});
afterAll(() => engine[Symbol.asyncDispose]());

const inspect = async (container: string, field: string): Promise<unknown> =>
  JSON.parse(await engine.dockerOutput("inspect", "-f", `{{json .${field}}}`, container));

/** Names that engines and orchestrators read, each with the worst that could be done with it. */
const LABELS = (path: string): string[] => [
  "com.docker.volume.anonymous=",
  `desktop.docker.io/binds/0/Source=${path}`,
  "desktop.docker.io/binds/0/Target=/host",
  "com.docker.compose.project=victim",
  "com.docker.network.driver.mtu=1",
  "io.containerd.runc.v2.group=victim",
  "io.containerd.image.name=docker.io/library/victim:latest",
  "org.opencontainers.image.ref.name=victim:latest",
  "io.kubernetes.cri-o.Devices=/dev/kmem",
  "io.kubernetes.container.hash=1",
  "run.oci.seccomp_bpf_data=AAAA",
  "run.oci.hooks.stdout=/tmp/hook",
  "run.oci.keep_original_groups=1",
  "module.wasm.image/variant=compat",
  "tare.privileged=true",
  "tare.io/bind=/:/host",
  "devices.allow=a",
  "io.balena.features.privileged=1",
];

describe("labels", () => {
  test("of every reserved name change nothing but the labels", async () => {
    const changes = LABELS(precious).map(
      (label) => `LABEL ${label.split("=", 1)[0]}="${label.slice(label.indexOf("=") + 1)}"`,
    );
    await makeImage(engine, { name: "labelled", changes });
    for (const name of ["plain", "labelled"]) {
      await engine.dockerOutput(
        "create",
        "--name",
        `of-${name}`,
        name,
        "sh",
        "-c",
        "ls /host; mount; cat /proc/self/status",
      );
    }
    for (const field of ["HostConfig", "Mounts", "NetworkSettings.Networks", "Config.User", "Config.Env"]) {
      expect(await inspect("of-labelled", field)).toEqual(await inspect("of-plain", field));
    }
    const seen = await Promise.all(["of-plain", "of-labelled"].map((name) => engine.docker("start", "-a", name)));
    const [plain, labelled] = seen.map(({ stdout }) => facts(stdout));
    expect(labelled).toEqual(plain ?? []);
    expect(await engine.dockerOutput("images", "-q", "victim")).toBe("");
  });
});

/** What a container was told of its mounts and rights, without what differs between any two. */
function facts(text: string): string[] {
  return text
    .split("\n")
    .filter((line) => / on |^Cap|^Seccomp|^NoNewPrivs|^Uid|^Gid/.test(line))
    .map((line) => line.replaceAll(/[0-9a-f]{64}/g, "<id>").replaceAll(/(upperdir|workdir|lowerdir\+?)=[^,)]*/g, "$1"));
}

/** Each is the only VOLUME of an image. */
const VOLUMES = (path: string): string[] => [
  `/../../../../../..${path}`,
  `../../../../../..${path}`,
  path,
  "/",
  "/.",
  "/..",
  ".",
  "..",
  "relative",
  "/proc",
  "/proc/self",
  "/proc/1/root",
  "/sys",
  "/sys/fs/cgroup",
  "/dev",
  "/dev/null",
  "/etc/resolv.conf",
  "/var/run/docker.sock",
  `${path}:/mnt`,
  "/a:/b:rw",
  "/bin/..",
  "/new\nline",
  `/${"long".repeat(1500)}`,
];

describe("volumes", () => {
  test("at hostile paths reach nothing of the host, whether they are taken or refused", async () => {
    const before = stateOf(precious);
    await engine.dockerOutput("create", "--name", "template", "plain", "true");
    for (const [at, path] of VOLUMES(precious).entries()) {
      await engine.docker("commit", "-c", `VOLUME ${JSON.stringify([path])}`, "template", `volume-${at}`);
      const script = `cat "$0/secret" "${precious}/secret" /mnt/secret; echo x >"$0/mark"; echo x >"$0"; true`;
      const { stdout } = await engine.docker("run", "--name", "taken", `volume-${at}`, "sh", "-c", script, path);
      expect({ path, stdout }).toEqual({ path, stdout: expect.not.stringContaining("the host's secret") });
      await expectOwnMounts("taken", path);
      await engine.docker("rm", "-f", "-v", "taken");
      expect(stateOf(precious)).toBe(before);
    }
    expect(await engine.dockerOutput("volume", "ls", "-q")).toBe("");
  });
});

/** Everything that is mounted comes out of the engine's own volumes. */
async function expectOwnMounts(container: string, path: string): Promise<void> {
  const { exitCode } = await engine.docker("inspect", container);
  if (exitCode !== 0) return;
  const mounts = JSON.parse(await engine.dockerOutput("inspect", "-f", "{{json .Mounts}}", container));
  for (const { Type, Source } of mounts) {
    expect({ path, Type }).toEqual({ path, Type: "volume" });
    expect(String(Source)).toStartWith(join(engine.root, "volumes/"));
  }
}

const stateOf = (dir: string): string =>
  readdirSync(dir)
    .map((name) => `${name} ${lstatSync(join(dir, name)).mode} ${readFileSync(join(dir, name), "utf8")}`)
    .join("\n");
