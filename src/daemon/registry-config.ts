/** Registries in the configuration: Docker's keys of daemon.json, and what each registry is told beyond them. */
import { DEFAULT_REGISTRY_SETTINGS, type RegistryRule, type RegistrySettings } from "../image/registry/settings.ts";
import type { Field } from "./config-field.ts";

export interface RegistryFileConfig {
  registryMirrors?: string[];
  insecureRegistries?: string[];
  registryRules?: Record<string, RegistryRule>;
  registryCertificates?: string;
  proxies?: ProxyConfig;
  maxConcurrentDownloads?: number;
  maxConcurrentUploads?: number;
  maxDownloadAttempts?: number;
  uploadChunkBytes?: number;
}

interface ProxyConfig {
  readonly http: string | undefined;
  readonly https: string | undefined;
  readonly none: string | undefined;
}

export const REGISTRY_KEYS: Readonly<Record<string, (field: Field) => RegistryFileConfig>> = {
  "registry-mirrors": (field) => ({ registryMirrors: field.strings() }),
  "insecure-registries": (field) => ({ insecureRegistries: field.strings() }),
  registries: (field) => ({ registryRules: rules(field) }),
  "registry-certs": (field) => ({ registryCertificates: field.string() }),
  proxies: (field) => ({ proxies: proxies(field) }),
  "max-concurrent-downloads": (field) => ({ maxConcurrentDownloads: field.count() }),
  "max-concurrent-uploads": (field) => ({ maxConcurrentUploads: field.count() }),
  "max-download-attempts": (field) => ({ maxDownloadAttempts: field.count() }),
  "upload-chunk-size": (field) => ({ uploadChunkBytes: field.bytes() }),
};

function rules(field: Field): Record<string, RegistryRule> {
  return Object.fromEntries(Object.entries(field.fields()).map(([registry, each]) => [registry, rule(each)]));
}

function rule(field: Field): RegistryRule {
  const fields = field.fields();
  return {
    mirrors: fields["mirrors"]?.strings() ?? [],
    insecure: fields["insecure"]?.boolean() ?? false,
    authHosts: fields["auth-hosts"]?.strings() ?? [],
    mirrorsOnly: fields["mirrors-only"]?.boolean() ?? false,
  };
}

function proxies(field: Field): ProxyConfig {
  const fields = field.fields();
  return {
    http: fields["http-proxy"]?.string(),
    https: fields["https-proxy"]?.string(),
    none: fields["no-proxy"]?.string(),
  };
}

export interface RegistryDefaults {
  /** Where certificates are looked for when the file names no directory. */
  readonly certificateDirs: readonly string[];
  readonly authorities: readonly string[];
}

type Environment = Readonly<Record<string, string | undefined>>;

/** The file goes before the environment, as with Docker. */
export function registrySettings(
  file: RegistryFileConfig,
  environment: Environment,
  { certificateDirs, authorities }: RegistryDefaults,
): RegistrySettings {
  const fallback = DEFAULT_REGISTRY_SETTINGS;
  const own = environment["SSL_CERT_FILE"];
  const variable = (name: string): string => environment[name] || environment[name.toLowerCase()] || "";
  return {
    mirrors: file.registryMirrors ?? [],
    insecure: file.insecureRegistries ?? [],
    registries: file.registryRules ?? {},
    certificateDirs: file.registryCertificates === undefined ? certificateDirs : [file.registryCertificates],
    authorities: own ? [own] : authorities,
    proxies: {
      http: file.proxies?.http ?? variable("HTTP_PROXY"),
      https: file.proxies?.https ?? variable("HTTPS_PROXY"),
      none: file.proxies?.none ?? variable("NO_PROXY"),
    },
    maxConcurrentDownloads: file.maxConcurrentDownloads ?? fallback.maxConcurrentDownloads,
    maxConcurrentUploads: file.maxConcurrentUploads ?? fallback.maxConcurrentUploads,
    maxDownloadAttempts: file.maxDownloadAttempts ?? fallback.maxDownloadAttempts,
    firstPauseMs: fallback.firstPauseMs,
    downloadSegmentBytes: fallback.downloadSegmentBytes,
    uploadChunkBytes: file.uploadChunkBytes ?? fallback.uploadChunkBytes,
  };
}
