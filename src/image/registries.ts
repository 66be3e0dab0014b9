/** Registries as the engine uses them. Their code, a third of this room, is read when the first request for one comes. */
import type { ProgressLine } from "../wire/image.ts";
import type { RegistriesDeps, RegistryService } from "./registry/types.ts";

type Lines = AsyncGenerator<ProgressLine, void, undefined>;

export function createRegistries(deps: RegistriesDeps): RegistryService {
  let loading: Promise<RegistryService> | undefined;
  const service = (): Promise<RegistryService> => {
    loading ??= import("./registry/service.ts").then(({ createRegistryService }) => createRegistryService(deps));
    return loading;
  };
  const later = <A extends readonly unknown[]>(
    choose: (from: RegistryService) => (...args: A) => AsyncIterable<ProgressLine>,
  ) =>
    async function* (...args: A): Lines {
      yield* choose(await service())(...args);
    };
  return {
    pull: later((from) => from.pull),
  };
}
