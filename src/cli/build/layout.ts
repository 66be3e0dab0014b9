/** The files of an OCI layout that say what is in it: oci-layout, and index.json with a descriptor for each name. */
import { mkdirSync } from "node:fs";
import { readFile, rename, writeFile } from "node:fs/promises";
import { hasCode } from "../../base/errors.ts";

const REF_NAME = "org.opencontainers.image.ref.name";
const INDEX_TYPE = "application/vnd.oci.image.index.v1+json";

interface Descriptor {
  readonly [field: string]: unknown;
}

/** The digest that a layout has under a name; undefined when there is none. Without a name it is the only one. */
export async function findDigest(directory: string, name: string): Promise<string | undefined> {
  const descriptors = await readIndex(directory);
  const found =
    descriptors.find((each) => nameOf(each) === name) ?? (descriptors.length === 1 ? descriptors[0] : undefined);
  return typeof found?.["digest"] === "string" ? found["digest"] : undefined;
}

/** Puts a descriptor under a name, in place of what had it before. */
export async function putDescriptor(directory: string, name: string, descriptor: Descriptor): Promise<void> {
  mkdirSync(directory, { recursive: true });
  const others = (await readIndex(directory)).filter((each) => nameOf(each) !== name);
  const named = { ...descriptor, annotations: { ...objectOf(descriptor["annotations"]), [REF_NAME]: name } };
  await writeJson(`${directory}/oci-layout`, { imageLayoutVersion: "1.0.0" });
  await writeJson(`${directory}/index.json`, {
    schemaVersion: 2,
    mediaType: INDEX_TYPE,
    manifests: [...others, named],
  });
}

async function writeJson(path: string, value: unknown): Promise<void> {
  const temporary = `${path}.tmp-${process.pid}`;
  await writeFile(temporary, JSON.stringify(value));
  await rename(temporary, path);
}

async function readIndex(directory: string): Promise<Descriptor[]> {
  try {
    const { manifests } = objectOf(JSON.parse(await readFile(`${directory}/index.json`, "utf8")));
    return Array.isArray(manifests) ? manifests.map(objectOf) : [];
  } catch (error) {
    if (hasCode(error, "ENOENT")) return [];
    throw error;
  }
}

const nameOf = (descriptor: Descriptor): unknown => objectOf(descriptor["annotations"])[REF_NAME];

const objectOf = (value: unknown): Descriptor =>
  typeof value === "object" && value !== null && !Array.isArray(value) ? { ...value } : {};
