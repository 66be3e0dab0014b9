import { expect, test } from "bun:test";
import type { ContainerConfig } from "../../wire/container.ts";
import type { ImageConfig } from "../../wire/image.ts";
import { mergeConfig } from "./merge-config.ts";

const USER: ContainerConfig = {
  Hostname: "",
  Domainname: "",
  User: "",
  AttachStdin: false,
  AttachStdout: true,
  AttachStderr: true,
  Tty: false,
  OpenStdin: false,
  StdinOnce: false,
  Env: [],
  Cmd: null,
  Image: "x",
  Volumes: null,
  WorkingDir: "",
  Entrypoint: null,
  OnBuild: null,
  Labels: {},
};
const IMAGE: ImageConfig = {
  User: "web",
  Env: ["PATH=/bin", "A=image"],
  Entrypoint: ["/entry"],
  Cmd: ["serve"],
  Volumes: { "/data": {} },
  WorkingDir: "/app",
  Labels: { from: "image", kept: "yes" },
};

test.each<[string, Partial<ContainerConfig>, string[] | null, string[] | null]>([
  ["nothing given takes both from the image", {}, ["/entry"], ["serve"]],
  ["a command keeps the image's entrypoint", { Cmd: ["other"] }, ["/entry"], ["other"]],
  ["an entrypoint drops the image's command", { Entrypoint: ["/mine"] }, ["/mine"], null],
  ["an empty entrypoint word means none at all", { Entrypoint: [""], Cmd: ["ls"] }, null, ["ls"]],
  ["an empty entrypoint list keeps no entrypoint", { Entrypoint: [], Cmd: ["ls"] }, [], ["ls"]],
])("mergeConfig(): %s", (_what, change, entrypoint, command) => {
  const merged = mergeConfig({ ...USER, ...change }, IMAGE);
  expect(merged.Entrypoint).toEqual(entrypoint);
  expect(merged.Cmd).toEqual(command);
});

test("mergeConfig() unites environment, labels and volumes, the user's words winning", () => {
  const merged = mergeConfig(
    { ...USER, Env: ["A=user", "B"], Labels: { from: "user" }, Volumes: { "/more": {} } },
    IMAGE,
  );
  expect(merged.Env).toEqual(["A=user", "B", "PATH=/bin"]);
  expect(merged.Labels).toEqual({ from: "user", kept: "yes" });
  expect(merged.Volumes).toEqual({ "/data": {}, "/more": {} });
  expect([merged.User, merged.WorkingDir]).toEqual(["web", "/app"]);
});
