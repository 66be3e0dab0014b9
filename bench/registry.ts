/**
 * Pulls of an image of more than a gigabyte and 50,000 files from a docker-registry on loopback, gzip and zstd; and the push of a new
 * layer of 300 MB.
 */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DockerRegistry } from "../test/harness/registry.ts";
import type { Bench } from "./bench.ts";
import type { Contender, Field } from "./harness/contenders.ts";
import { COMPRESSIONS, type Compression, type Blob as LayerBlob, largeImage } from "./harness/large-image.ts";
import { type Measured, summarize } from "./harness/paired.ts";
import { pairedReport, type Report } from "./harness/report.ts";

const ROUNDS = 5;
const NEW_LAYER_BYTES = 300 * 1000 * 1000;

export const bench: Bench = { name: "registry", run: registryBench };

async function registryBench(field: Field): Promise<Report[]> {
  await using registry = await DockerRegistry.start();
  const reports: Report[] = [];
  for (const compression of COMPRESSIONS) reports.push(await pulls(field, registry, compression));
  reports.push(await pushes(field, registry));
  return reports;
}

async function pulls(field: Field, registry: DockerRegistry, compression: Compression): Promise<Report> {
  const image = `${registry.host}/bench/${compression}:1`;
  await publish(registry, `bench/${compression}`, { compression });
  const contenders = [field.tare, field.docker, field.podman].filter((one) => one !== undefined);
  const measured = await takeTurns(contenders, async ({ cli, name, shell }) => {
    const flags = name === "podman" ? "--tls-verify=false" : "";
    await shell.run("sync");
    const started = performance.now();
    await shell.run(`${cli} pull -q ${flags} ${image}`);
    const elapsed = performance.now() - started;
    await shell.run(`${cli} rmi -f ${image}`);
    return elapsed;
  });
  return pairedReport(`pull of ${image.split("/").slice(1).join("/")}`, measured);
}

/** Each round's layer is a new one; making it is not counted. */
async function pushes(field: Field, registry: DockerRegistry): Promise<Report> {
  const { archive } = await largeImage();
  const dir = mkdtempSync(join(tmpdir(), "tare-bench-push-"));
  const contenders = [field.tare, field.docker].filter((one) => one !== undefined);
  let round = 0;
  const measured = await takeTurns(contenders, async ({ cli, shell }) => {
    const image = `${registry.host}/bench/pushed:${++round}`;
    const content = `echo ${round} >${dir}/round && head -c ${NEW_LAYER_BYTES} ${archive} >${dir}/data`;
    await shell.run(`${content} && tar -C ${dir} -c round data | ${cli} import - ${image} && rm ${dir}/data && sync`);
    const started = performance.now();
    await shell.run(`${cli} push -q ${image}`);
    const elapsed = performance.now() - started;
    await shell.run(`${cli} rmi -f ${image}`);
    return elapsed;
  });
  rmSync(dir, { recursive: true });
  return pairedReport("push of a new layer of 300 MB", measured);
}

async function takeTurns(
  contenders: readonly Contender[],
  measure: (contender: Contender) => Promise<number>,
): Promise<Measured[]> {
  const times = new Map<string, number[]>(contenders.map(({ name }) => [name, []]));
  for (let round = 0; round < ROUNDS; round++) {
    for (const contender of contenders) times.get(contender.name)?.push(await measure(contender));
  }
  const reference = times.get(contenders[0]?.name ?? "") ?? [];
  return contenders.map(({ name }) => summarize(name, times.get(name) ?? [], reference));
}

interface Chosen {
  readonly compression: Compression;
  /** Leaves out the layers before it, so that images differ. */
  readonly first?: number;
}

const LAYER_TYPES: Readonly<Record<Compression, string>> = {
  gzip: "application/vnd.oci.image.layer.v1.tar+gzip",
  zstd: "application/vnd.oci.image.layer.v1.tar+zstd",
};

/** Puts the image under `repository`:1. */
async function publish(
  registry: DockerRegistry,
  repository: string,
  { compression, first = 0 }: Chosen,
): Promise<void> {
  const { config, layers } = await largeImage();
  const base = `http://${registry.host}/v2/${repository}`;
  const chosen = layers[compression].slice(first);
  const document = JSON.parse(readFileSync(config.path, "utf8"));
  const diffIds: string[] = document.rootfs.diff_ids.slice(first);
  const text = JSON.stringify({ ...document, rootfs: { type: "layers", diff_ids: diffIds }, history: [] });
  const digest = `sha256:${new Bun.CryptoHasher("sha256").update(text).digest("hex")}`;
  for (const layer of chosen) await putBlob(base, layer.digest, Bun.file(layer.path));
  await putBlob(base, digest, new Blob([text]));
  const describe = (mediaType: string, blob: Pick<LayerBlob, "digest" | "size">) => ({ mediaType, ...blob });
  const manifest = {
    schemaVersion: 2,
    mediaType: "application/vnd.oci.image.manifest.v1+json",
    config: describe("application/vnd.oci.image.config.v1+json", { digest, size: text.length }),
    layers: chosen.map(({ digest: of, size }) => describe(LAYER_TYPES[compression], { digest: of, size })),
  };
  await put(`${base}/manifests/1`, JSON.stringify(manifest), manifest.mediaType);
}

async function putBlob(base: string, digest: string, body: Blob): Promise<void> {
  const begun = await fetch(`${base}/blobs/uploads/`, { method: "POST" });
  const url = new URL(begun.headers.get("location") ?? "");
  url.searchParams.append("digest", digest);
  await put(url.href, body, "application/octet-stream");
}

async function put(url: string, body: string | Blob, type: string): Promise<void> {
  const answer = await fetch(url, { method: "PUT", body, headers: { "Content-Type": type } });
  if (!answer.ok) throw new Error(`PUT ${url}: ${answer.status} ${await answer.text()}`);
}
