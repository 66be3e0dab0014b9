/** TLS material of a registry: /etc/docker/certs.d/<host:port>/ with *.crt (authorities), *.cert and *.key (our client certificate). */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { hasCode, systemError } from "../../base/errors.ts";

/** Empty means: what everybody else trusts. */
export interface TlsMaterial {
  /** PEM texts, in place of the default authorities. */
  readonly ca?: string;
  /** Our certificates and their keys, PEM. */
  readonly cert?: string;
  readonly key?: string;
}

export interface CertificateSources {
  readonly certificateDirs: readonly string[];
  readonly authorities: readonly string[];
}

/** Read when a host is first met in an operation, so that new files count at once. Throws in Docker's words for half a pair. */
export function readTlsMaterial(host: string, { certificateDirs, authorities }: CertificateSources): TlsMaterial {
  const common = authorities.find(existsSync);
  const bundle = common === undefined ? undefined : readFileSync(common, "utf8");
  const own = certificateDirs.map((dir) => readHostDir(join(dir, host))).find((found) => found !== undefined);
  if (own === undefined) return bundle === undefined ? {} : { ca: bundle };
  const { ca, certs, keys } = own;
  const trusted = [...(bundle === undefined ? [] : [bundle]), ...ca].join("\n");
  return {
    ...(trusted === "" ? {} : { ca: trusted }),
    ...(certs.length === 0 ? {} : { cert: certs.join("\n"), key: keys.join("\n") }),
  };
}

interface HostDir {
  readonly ca: readonly string[];
  readonly certs: readonly string[];
  readonly keys: readonly string[];
}

/** After moby registry.ReadCertsDirectory (28.5). */
function readHostDir(dir: string): HostDir | undefined {
  const names = listDir(dir);
  if (names === undefined) return undefined;
  const text = (name: string): string => readFileSync(join(dir, name), "utf8");
  const certs = names.filter((name) => name.endsWith(".cert"));
  for (const cert of certs) {
    const key = cert.replace(/\.cert$/, ".key");
    if (names.includes(key)) continue;
    throw systemError(`missing key ${key} for client certificate ${cert}. CA certificates must use the extension .crt`);
  }
  for (const key of names.filter((name) => name.endsWith(".key"))) {
    const cert = key.replace(/\.key$/, ".cert");
    if (!names.includes(cert)) throw systemError(`missing client certificate ${cert} for key ${key}`);
  }
  return {
    ca: names.filter((name) => name.endsWith(".crt")).map(text),
    certs: certs.map(text),
    keys: certs.map((cert) => text(cert.replace(/\.cert$/, ".key"))),
  };
}

function listDir(dir: string): string[] | undefined {
  try {
    return readdirSync(dir).toSorted();
  } catch (error) {
    if (hasCode(error, "ENOENT") || hasCode(error, "ENOTDIR")) return undefined;
    throw systemError(`open ${dir}: permission denied`, { cause: error });
  }
}
