/** RUN as an exec operation: command line, here-documents, mounts, and what is seen of it in progress and history. Pure. */

import { parseHeredocMark, withoutLeadingTabs } from "../../dockerfile/heredoc.ts";
import type { InstructionOf } from "../../dockerfile/instruction.ts";
import { DockerfileError } from "../../dockerfile/place.ts";
import { parseRunMount, type RunMount } from "../../dockerfile/run-mount.ts";
import type { FrontendOptions } from "../builder.ts";
import type { ExecMount, Vertex } from "../operation.ts";
import { expandedWord, resolvePath, shellOf } from "./config-steps.ts";
import { argsPrefix, DEFAULT_PATH, toEnv } from "./environment.ts";
import type { StepContext } from "./file-steps.ts";
import { withStep } from "./image-state.ts";
import { PROXY_ARGS } from "./platform-args.ts";
import { type StageState, workingDirOf } from "./stage-state.ts";
import { createVertex } from "./vertex.ts";

export interface RunContext extends StepContext {
  readonly options: FrontendOptions;
  /** What a mount reads: a stage, a named context, an image; the build context for "". */
  readonly sourceOf: (from: string) => Vertex;
}

export function runStep(state: StageState, instruction: InstructionOf<"RUN">, context: RunContext): StageState {
  const { options } = context;
  const { args, script } = commandOf(state, instruction);
  const inputs: Vertex[] = [state.vertex];
  const mounts = instruction.mounts.map((text) => {
    const mount = parseRunMount(text, (value) => expandedWord(state, value, context));
    return toExecMount(state, mount, inputs, context);
  });
  const env = toEnv(state.scope);
  const proxies = PROXY_ARGS.flatMap((name) => {
    const value = options.buildArgs.get(name);
    return value === undefined || state.scope.variables.has(name) ? [] : [`${name}=${value}`];
  });
  const vertex = createVertex({
    operation: {
      kind: "exec",
      args,
      env: [...(state.scope.variables.has("PATH") ? [] : [`PATH=${DEFAULT_PATH}`]), ...env, ...proxies],
      envOutsideKey: proxies.map((entry) => entry.slice(0, entry.indexOf("="))),
      workingDir: workingDirOf(state),
      user: state.image.config.User,
      mounts: script === undefined ? mounts : [...mounts, script],
      network: instruction.network === "default" ? options.network : instruction.network,
      security: instruction.security,
      hostname: options.hostname,
      extraHosts: options.extraHosts,
      limits: options.limits,
      shown: args.join(" "),
    },
    inputs,
    name: context.name,
    place: context.place,
    ignoreCache: context.ignoreCache,
  });
  const createdBy = `RUN ${argsPrefix(state.scope)}${args.join(" ")} # buildkit`;
  return { ...state, vertex, image: withStep(state.image, createdBy, true) };
}

const SCRIPT_DIRECTORY = "/dev/pipes/";

interface RunCommand {
  readonly args: readonly string[];
  /** A here-document that begins with "#!" is a file that runs by itself. */
  readonly script?: ExecMount;
}

function commandOf(state: StageState, { command, files }: InstructionOf<"RUN">): RunCommand {
  if (!command.shell) return { args: command.words };
  const [line = ""] = command.words;
  const [file] = files;
  if (file === undefined) return { args: [...shellOf(state), line] };
  if (parseHeredocMark(line) === undefined) {
    // The shell reads it: the documents follow the line as they were written.
    const documents = files.map(({ name, text }) => `\n${text}${name}`);
    return { args: [...shellOf(state), line + documents.join("")] };
  }
  const text = file.chomp ? withoutLeadingTabs(file.text) : file.text;
  if (!text.startsWith("#!")) return { args: [...shellOf(state), text] };
  const target = SCRIPT_DIRECTORY + file.name;
  return { args: [...shellOf(state), target], script: { type: "text", target, text } };
}

function toExecMount(state: StageState, mount: RunMount, inputs: Vertex[], context: RunContext): ExecMount {
  const target = targetOf(state, mount);
  switch (mount.type) {
    case "bind": {
      inputs.push(context.sourceOf(mount.from));
      return {
        type: "bind",
        input: inputs.length - 1,
        source: mount.source,
        target,
        readOnly: mount.readOnly,
      };
    }
    case "cache":
      return toCacheMount(mount, { target, inputs, context });
    case "tmpfs":
      return { type: "tmpfs", target, sizeBytes: mount.sizeBytes };
    case "secret":
      return toSecretMount(mount, target);
    case "ssh": {
      const { required, mode = 0o600, uid = 0, gid = 0 } = mount;
      return { type: "ssh", id: mount.id || "default", target, required, mode, uid, gid };
    }
  }
}

function targetOf(state: StageState, { type, target }: RunMount): string {
  if (type === "secret" || type === "ssh") return target === "" ? "" : resolvePath(state, target);
  const path = resolvePath(state, target || "/");
  if (path === "/") throw new DockerfileError('invalid mount target "/"');
  return path;
}

function toCacheMount(
  mount: RunMount,
  { target, inputs, context }: { target: string; inputs: Vertex[]; context: RunContext },
): ExecMount {
  const { cacheMountNamespace } = context.options;
  const id = mount.id || target;
  if (mount.from !== "") inputs.push(context.sourceOf(mount.from));
  return {
    type: "cache",
    id: cacheMountNamespace === "" ? id : `${cacheMountNamespace}/${id}`,
    input: mount.from === "" ? undefined : inputs.length - 1,
    source: mount.source,
    target,
    readOnly: mount.readOnly,
    sharing: mount.sharing || "shared",
    mode: mount.mode ?? 0o755,
    uid: mount.uid ?? 0,
    gid: mount.gid ?? 0,
  };
}

function toSecretMount(
  { id, source, target: asked, env, required, mode, uid, gid }: RunMount,
  target: string,
): ExecMount {
  const name = id || source || asked.split("/").at(-1) || env || "";
  if (name === "") throw new DockerfileError("one of source, target required");
  const fallback = env === undefined ? `/run/secrets/${name.split("/").at(-1) ?? name}` : "";
  return {
    type: "secret",
    id: name,
    target: target || fallback,
    env,
    required,
    mode: mode ?? 0o400,
    uid: uid ?? 0,
    gid: gid ?? 0,
  };
}
