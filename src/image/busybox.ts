/** The embedded image: the host's static busybox as `busybox:latest`, so that the first container needs no registry. Same binary, same image id. */
import { createHash } from "node:crypto";
import { notFound, systemError } from "../base/errors.ts";
import { type TarMember, writeTar } from "../base/tar/writer.ts";
import type { ImageStore } from "./images.ts";
import { toOciArchitecture } from "./platform.ts";

const NAME = "busybox:latest";
const CREATED = "2026-01-01T00:00:00Z";
const CREATED_SEC = 1_767_225_600;

const directory = (name: string, mode = 0o755): TarMember => ({ type: "directory", name, mode });
const file = (name: string, text: string, mode = 0o644): TarMember => ({
  type: "file",
  name,
  mode,
  data: Buffer.from(text),
});

const SKELETON: readonly TarMember[] = [
  ...["bin/", "dev/", "etc/", "home/", "lib/", "proc/", "sbin/", "sys/", "usr/", "usr/bin/", "usr/sbin/"].map((name) =>
    directory(name),
  ),
  directory("root/", 0o700),
  directory("tmp/", 0o1777),
  ...["var/", "var/log/", "var/run/", "var/spool/", "var/www/"].map((name) => directory(name)),
  directory("var/tmp/", 0o1777),
  file(
    "etc/passwd",
    "root:x:0:0:root:/root:/bin/sh\ndaemon:x:1:1:daemon:/usr/sbin:/bin/false\nnobody:x:65534:65534:nobody:/home:/bin/false\n",
  ),
  file("etc/group", "root:x:0:\ndaemon:x:1:\ntty:x:5:\nnogroup:x:65534:\n"),
  file("etc/shadow", "root:*::0:::::\ndaemon:*::0:::::\nnobody:*::0:::::\n", 0o600),
  file("etc/hostname", ""),
  file("etc/hosts", "127.0.0.1\tlocalhost\n::1\tlocalhost\n"),
  file("etc/resolv.conf", ""),
  file("etc/profile", "export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\n"),
];

const APPLET = /^(?:usr\/)?s?bin\/[^/]+$/;

/** The root file system's tar. `applets` are paths such as "bin/ls", each a hard link to the binary. */
function rootTar(binary: Uint8Array, applets: readonly string[]): Buffer {
  const links = applets
    .filter((path) => APPLET.test(path) && path !== "bin/busybox")
    .toSorted()
    .map((name): TarMember => ({ type: "link", name, linkName: "bin/busybox", mode: 0o755 }));
  const members = [...SKELETON, { type: "file" as const, name: "bin/busybox", mode: 0o755, data: binary }, ...links];
  return writeTar(members.map((member) => ({ ...member, mtimeSec: CREATED_SEC })));
}

const sha256 = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");

export interface BusyboxParts {
  readonly binary: Uint8Array;
  readonly applets: readonly string[];
  /** In the OCI's spelling, such as "amd64". */
  readonly architecture: string;
}

/** A docker-archive that holds `busybox:latest`. */
export function buildBusyboxArchive({ binary, applets, architecture }: BusyboxParts): Buffer {
  const layer = rootTar(binary, applets);
  const config = Buffer.from(
    JSON.stringify({
      architecture,
      os: "linux",
      created: CREATED,
      config: { Env: ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"], Cmd: ["sh"] },
      rootfs: { type: "layers", diff_ids: [`sha256:${sha256(layer)}`] },
      history: [{ created: CREATED, created_by: "busybox-static of the host", comment: "embedded in tare" }],
    }),
  );
  const configName = `blobs/sha256/${sha256(config)}`;
  const layerName = `blobs/sha256/${sha256(layer)}`;
  const manifest = JSON.stringify([{ Config: configName, RepoTags: [NAME], Layers: [layerName] }]);
  return writeTar([
    { type: "file", name: configName, data: config },
    { type: "file", name: layerName, data: layer },
    { type: "file", name: "manifest.json", data: Buffer.from(manifest) },
  ]);
}

/**
 * Loads it into a store that has no image at all; one that people have used is left as they left it. Throws notFound when the
 * host has no busybox at `path`.
 */
export async function ensureBusybox(images: Pick<ImageStore, "list" | "load">, path: string): Promise<void> {
  const stored = await images.list({ all: true, filters: new Map(), sharedSize: false });
  if (stored.length === 0) await loadBusybox(images, path);
}

/** Loads it, whatever the store has. Throws notFound when the host has no busybox at `path`. */
export async function loadBusybox(images: Pick<ImageStore, "load">, path: string): Promise<void> {
  const binary = Bun.file(path);
  if (!(await binary.exists())) throw notFound(`no busybox at ${path}: install the package busybox-static`);
  const archive = buildBusyboxArchive({
    binary: await binary.bytes(),
    applets: await listApplets(path),
    architecture: toOciArchitecture(process.arch),
  });
  for await (const line of images.load({ body: oneChunk(archive) }, { quiet: true })) {
    if (line.error !== undefined) throw systemError(line.error);
  }
}

async function listApplets(path: string): Promise<string[]> {
  const listing = Bun.spawn([path, "--list-full"], { stdin: "ignore", stdout: "pipe", stderr: "ignore" });
  const text = await listing.stdout.text();
  return text.split("\n").filter((line) => line !== "");
}

async function* oneChunk(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}
