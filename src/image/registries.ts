/** Registries as the engine uses them. Their code, a third of this room, is read when the first request for one comes. */
import type { RegistriesDeps, RegistryService } from "./registry/types.ts";

export function createRegistries(deps: RegistriesDeps): RegistryService {
  let loading: Promise<RegistryService> | undefined;
  const service = (): Promise<RegistryService> => {
    loading ??= import("./registry/service.ts").then(({ createRegistryService }) => createRegistryService(deps));
    return loading;
  };
  return {
    async *pull(options) {
      yield* (await service()).pull(options);
    },
    async *push(options) {
      yield* (await service()).push(options);
    },
    async *copy(options) {
      yield* (await service()).copy(options);
    },
    forget: async () => (await service()).forget(),
    login: async (credentials, signal) => (await service()).login(credentials, signal),
    search: async (options) => (await service()).search(options),
    distribution: async (options) => (await service()).distribution(options),
    manifest: async (options) => (await service()).manifest(options),
    publish: async (options) => (await service()).publish(options),
    read: async (options) => (await service()).read(options),
    pushManifest: async (options) => (await service()).pushManifest(options),
  };
}
