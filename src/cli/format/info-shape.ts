/** The Go type behind the body of GET /info, as far as its maps and defaults show. */
import { any, list, map, pointer, type Shape, struct, text } from "./shape.ts";

const indexConfig = struct("registry.IndexInfo", { Mirrors: list(text), Name: text });
const registryConfig = struct("registry.ServiceConfig", {
  IndexConfigs: map(pointer(indexConfig)),
  Mirrors: list(text),
});
const runtime = struct("system.RuntimeWithStatus", { path: text, runtimeArgs: list(text), status: map(text) });
const plugins = struct("system.PluginsInfo", {
  Volume: list(text),
  Network: list(text),
  Authorization: list(text),
  Log: list(text),
});

export const infoShape: Shape = struct("system.dockerInfo", {
  Plugins: plugins,
  RegistryConfig: pointer(registryConfig),
  GenericResources: any,
  Labels: list(text),
  Runtimes: map(runtime),
  Warnings: list(text),
});
