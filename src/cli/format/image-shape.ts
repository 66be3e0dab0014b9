/** The Go types behind the body of GET /images/{name}/json (swagger ImageInspect). */
import { graphDriver, healthConfig } from "./container-shape.ts";
import { bool, int, list, map, pointer, type Shape, struct, text } from "./shape.ts";

const empty = struct("struct {}", {});

const config = struct("dockerspec.DockerOCIImageConfig", {
  User: text,
  ExposedPorts: map(empty),
  Env: list(text),
  Entrypoint: list(text),
  Cmd: list(text),
  Volumes: map(empty),
  WorkingDir: text,
  Labels: map(text),
  StopSignal: text,
  ArgsEscaped: bool,
  Healthcheck: healthConfig,
  OnBuild: list(text),
  Shell: list(text),
});

export const imageShape: Shape = struct("image.InspectResponse", {
  Id: text,
  RepoTags: list(text),
  RepoDigests: list(text),
  Parent: text,
  Comment: text,
  Created: text,
  DockerVersion: text,
  Author: text,
  Config: pointer(config),
  Architecture: text,
  Variant: text,
  Os: text,
  OsVersion: text,
  Size: int,
  VirtualSize: int,
  GraphDriver: graphDriver,
  RootFS: struct("image.RootFS", { Type: text, Layers: list(text) }),
  Metadata: struct("image.Metadata", { LastTagTime: text }),
});
