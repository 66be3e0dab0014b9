/** The user's credentials for registries, wherever Docker's configuration says that they are kept. */
import type { AuthConfig } from "../../client/registries.ts";
import type { CliEnv } from "../command.ts";
import { type AuthEntry, type ClientConfig, readClientConfig, writeAuth } from "./config-file.ts";
import { type CredentialHelper, createHelper } from "./credential-helper.ts";
import { hostOf, registryKey, splitName } from "./name.ts";

export interface Keyring {
  /** By key (see registryKey); {} when there are none. */
  get(key: string): Promise<AuthConfig>;
  /** For the registry of an image. */
  forImage(image: string): Promise<AuthConfig>;
  /** For several images, by key. */
  forImages(images: readonly string[]): Promise<Record<string, AuthConfig>>;
  store(key: string, auth: AuthConfig): Promise<void>;
  erase(key: string): Promise<void>;
  /** Where those of this key lie in plain text; undefined when a helper keeps them. */
  plainFile(key: string): string | undefined;
}

/** Reads the configuration once. Throws CommandError when that cannot be read. */
export async function openKeyring({ configDir, variables }: Pick<CliEnv, "configDir" | "variables">): Promise<Keyring> {
  const config = await readClientConfig(configDir);
  const helperFor = (key: string): CredentialHelper | undefined => {
    const name = config.credHelpers[key] ?? config.credHelpers[hostOf(key)] ?? config.credsStore;
    return name === "" ? undefined : createHelper(name, variables);
  };
  const get = async (key: string): Promise<AuthConfig> => {
    const helper = helperFor(key);
    if (helper === undefined) return fromFile(config, key);
    return (await helper.get(key)) ?? {};
  };
  const forImage = (image: string): Promise<AuthConfig> => get(registryKey(splitName(image).domain));
  return {
    get,
    forImage,
    forImages: async (images) => {
      const keys = [...new Set(images.map((image) => registryKey(splitName(image).domain)))];
      return Object.fromEntries(await Promise.all(keys.map(async (key) => [key, await get(key)] as const)));
    },
    async store(key, auth) {
      const helper = helperFor(key);
      await helper?.store(key, auth);
      // Others read from here which registries there are credentials for.
      await writeAuth(configDir, key, helper === undefined ? toEntry(auth) : {});
    },
    async erase(key) {
      await helperFor(key)?.erase(key);
      for (const name of namesOf(config, key)) await writeAuth(configDir, name, undefined);
    },
    plainFile: (key) => (helperFor(key) === undefined ? config.path : undefined),
  };
}

/** The keys that mean a registry: as it is now, and as addresses of old. */
function namesOf({ auths }: ClientConfig, key: string): string[] {
  return Object.keys(auths).filter((name) => name === key || hostOf(name) === hostOf(key));
}

function fromFile(config: ClientConfig, key: string): AuthConfig {
  const entry = config.auths[key] ?? config.auths[namesOf(config, key)[0] ?? ""];
  if (entry === undefined) return {};
  const { auth = "", username, password, identitytoken, registrytoken } = entry;
  const pair = Buffer.from(auth, "base64").toString("utf8").replace(/\0+$/, "");
  const colon = pair.indexOf(":");
  return {
    serveraddress: key,
    ...(colon > 0 ? { username: pair.slice(0, colon), password: pair.slice(colon + 1) } : {}),
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
    ...(identitytoken === undefined ? {} : { identitytoken }),
    ...(registrytoken === undefined ? {} : { registrytoken }),
  };
}

function toEntry({ username = "", password = "", identitytoken = "" }: AuthConfig): AuthEntry {
  const secret = identitytoken === "" ? password : "";
  return {
    auth: Buffer.from(`${username}:${secret}`).toString("base64"),
    ...(identitytoken === "" ? {} : { identitytoken }),
  };
}
