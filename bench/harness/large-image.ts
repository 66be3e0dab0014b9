/**
 * An image of more than a gigabyte and 50,000 files in five layers, made of Debian's packages: what compilers, languages and libraries
 * weigh in real life. Made once (some minutes) and kept in TARE_BENCH_IMAGE or /var/tmp/tare-bench-image.
 */
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Shell } from "./shell.ts";

/** The lowest layer first. Nothing is configured: programs and libraries are where they belong, which is all that runs need. */
const LAYERS: readonly string[] = [
  `bash coreutils dash debianutils findutils libc6 libgcc-s1 libstdc++6 zlib1g libexpat1 libselinux1 libpcre2-8-0 libacl1 libattr1
   libgmp10 libtinfo6 libssl3 tzdata perl-base perl-modules-5.36 libpython3.11-minimal libpython3.11-stdlib python3.11-minimal`,
  "gcc-12 g++-12 cpp-12 libgcc-12-dev libstdc++-12-dev libc6-dev linux-libc-dev binutils-x86-64-linux-gnu",
  "golang-1.19-go golang-1.19-src",
  "libboost1.74-dev libicu-dev libllvm14 libjs-mathjax",
  "openjdk-17-jre-headless python3-django python3-numpy python3-pandas python3-scipy python3-sympy",
];

export const COMPRESSIONS = ["gzip", "zstd"] as const;
export type Compression = (typeof COMPRESSIONS)[number];

const COMMANDS: Readonly<Record<Compression, string>> = { gzip: "gzip -n -6", zstd: "zstd -q -3 -T0" };
export const LARGE_IMAGE = "bench/large:1";

export interface LargeImage {
  /** A docker-archive with plain layers, as `docker save` writes it. */
  readonly archive: string;
  readonly config: Blob;
  /** Of each compression, the lowest first. */
  readonly layers: Readonly<Record<Compression, readonly Blob[]>>;
}

export interface Blob {
  readonly path: string;
  readonly digest: string;
  readonly size: number;
}

export async function largeImage(): Promise<LargeImage> {
  const dir = process.env.TARE_BENCH_IMAGE || "/var/tmp/tare-bench-image";
  const done = join(dir, "image.json");
  if (!existsSync(done)) {
    const image = await makeImage(dir);
    writeFileSync(`${done}.new`, JSON.stringify(image));
    renameSync(`${done}.new`, done);
  }
  return JSON.parse(readFileSync(done, "utf8"));
}

async function makeImage(dir: string): Promise<LargeImage> {
  rmSync(dir, { recursive: true, force: true });
  mkdirSync(dir, { recursive: true });
  const shell = new Shell();
  const tars: Blob[] = [];
  const layers: Record<Compression, Blob[]> = { gzip: [], zstd: [] };
  for (const [at, packages] of LAYERS.entries()) {
    const tar = await makeLayer(shell, join(dir, `layer-${at}`), packages);
    tars.push(tar);
    for (const compression of COMPRESSIONS) {
      const path = `${tar.path}.${compression}`;
      await shell.run(`${COMMANDS[compression]} -c ${tar.path} > ${path}`);
      layers[compression].push(await toBlob(path));
    }
  }
  const config = await writeConfig(dir, tars);
  const archive = join(dir, "archive.tar");
  const item = { Config: "config.json", RepoTags: [LARGE_IMAGE], Layers: tars.map((_, at) => `layer-${at}.tar`) };
  writeFileSync(join(dir, "manifest.json"), JSON.stringify([item]));
  await shell.run(`tar -C ${dir} -cf ${archive} manifest.json config.json ${item.Layers.join(" ")}`);
  await shell.close();
  return { archive, config, layers };
}

/**
 * The same files in other layers, in `dir`: each blob has some bytes more behind the end of its archive, which nobody reads but every
 * digest counts. Gzip alone.
 */
export async function variantOf(image: LargeImage, dir: string): Promise<LargeImage> {
  mkdirSync(dir, { recursive: true });
  const diffIds: string[] = [];
  const blobs: Blob[] = [];
  for (const [at, { path }] of image.layers.gzip.entries()) {
    const tail = Buffer.alloc(TAIL_BYTES, join(dir, `${at}`));
    const blob = join(dir, `layer-${at}.gzip`);
    await Bun.write(blob, new Response(joined(path, Bun.gzipSync(tail))));
    blobs.push(await toBlob(blob));
    diffIds.push(await digestOf(joined(path.replace(/\.gzip$/, ""), tail)));
  }
  const document = JSON.parse(readFileSync(image.config.path, "utf8"));
  const config = join(dir, "config.json");
  writeFileSync(config, JSON.stringify({ ...document, rootfs: { type: "layers", diff_ids: diffIds } }));
  return { archive: image.archive, config: await toBlob(config), layers: { gzip: blobs, zstd: [] } };
}

const TAIL_BYTES = 512;

async function* joined(path: string, tail: Uint8Array): AsyncGenerator<Uint8Array> {
  yield* Bun.file(path).stream();
  yield tail;
}

/** Unpacks the packages into one directory and packs that. */
async function makeLayer(shell: Shell, root: string, packages: string): Promise<Blob> {
  const debs = `${root}-debs`;
  mkdirSync(debs);
  mkdirSync(root);
  await shell.run(`cd ${debs} && apt-get download -qq ${packages.replace(/\s+/g, " ")} 2>/dev/null`);
  await shell.run(`for deb in ${debs}/*.deb; do dpkg-deb -x $deb ${root} || exit 1; done`);
  const plain = "--sort=name --mtime=@1700000000 --owner=0 --group=0 --numeric-owner";
  await shell.run(`tar -C ${root} ${plain} -cf ${root}.tar . && rm -rf ${root} ${debs}`);
  return toBlob(`${root}.tar`);
}

async function writeConfig(dir: string, tars: readonly Blob[]): Promise<Blob> {
  const path = join(dir, "config.json");
  const document = {
    architecture: "amd64",
    os: "linux",
    created: "2026-01-01T00:00:00Z",
    config: { Env: ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"], Cmd: ["sh"] },
    rootfs: { type: "layers", diff_ids: tars.map(({ digest }) => digest) },
    history: tars.map((_, at) => ({ created: "2026-01-01T00:00:00Z", created_by: `layer ${at}` })),
  };
  writeFileSync(path, JSON.stringify(document));
  return toBlob(path);
}

async function toBlob(path: string): Promise<Blob> {
  return { path, digest: await digestOf(Bun.file(path).stream()), size: statSync(path).size };
}

async function digestOf(bytes: AsyncIterable<Uint8Array>): Promise<string> {
  const hash = createHash("sha256");
  for await (const chunk of bytes) hash.update(chunk);
  return `sha256:${hash.digest("hex")}`;
}
