/** For tests: an authority, and certificates for a server on loopback and for a client. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

export interface Authority {
  /** PEM */
  readonly certificate: string;
  readonly server: { readonly cert: string; readonly key: string };
  readonly client: { readonly cert: string; readonly key: string };
}

const CURVE = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];

/** Its files lie in `dir`. */
export function makeAuthority(dir: string): Authority {
  const path = (name: string): string => join(dir, name);
  openssl(
    "req",
    "-x509",
    ...CURVE,
    "-keyout",
    path("ca.key"),
    "-out",
    path("ca.pem"),
    "-subj",
    "/CN=test",
    "-days",
    "2",
  );
  const issue = (name: string, names: string): { cert: string; key: string } => {
    openssl("req", ...CURVE, "-keyout", path(`${name}.key`), "-out", path(`${name}.csr`), "-subj", `/CN=${name}`);
    writeFileSync(path(`${name}.ext`), `subjectAltName=${names}\n`);
    const signer = ["-CA", path("ca.pem"), "-CAkey", path("ca.key"), "-CAcreateserial", "-days", "2"];
    openssl(
      "x509",
      "-req",
      "-in",
      path(`${name}.csr`),
      ...signer,
      "-extfile",
      path(`${name}.ext`),
      "-out",
      path(`${name}.pem`),
    );
    return { cert: readFileSync(path(`${name}.pem`), "utf8"), key: readFileSync(path(`${name}.key`), "utf8") };
  };
  return {
    server: issue("server", "DNS:localhost,DNS:registry.test.localhost,IP:127.0.0.1"),
    client: issue("client", "DNS:client"),
    certificate: readFileSync(path("ca.pem"), "utf8"),
  };
}

function openssl(...args: readonly string[]): void {
  const { exitCode, stderr } = Bun.spawnSync(["openssl", ...args], { stdout: "ignore", stderr: "pipe" });
  if (exitCode !== 0) throw new Error(`openssl ${args[0]}: ${stderr.toString()}`);
}
