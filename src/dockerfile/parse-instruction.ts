/** Statements into typed instructions. Pure; throws DockerfileError without a place, which the caller knows. */

import type { Escape } from "./directives.ts";
import { decodeFlags } from "./flags.ts";
import type {
  ArgDefault,
  CommandLine,
  Instruction,
  InstructionBody,
  InstructionName,
  NetworkMode,
} from "./instruction.ts";
import { parseHealthcheck } from "./parse-health.ts";
import { parseAdd, parseCopy } from "./parse-transfer.ts";
import { DockerfileError } from "./place.ts";
import { checkMountFrom } from "./run-mount.ts";
import type { Statement } from "./statements.ts";
import { didYouMean } from "./suggest.ts";
import { jsonWords, keyValues, plainWords, quotedWords } from "./words.ts";

type Parser = (statement: Statement, escape: Escape) => InstructionBody;

export function parseInstruction(statement: Statement, escape: Escape): Instruction {
  const name = statement.keyword.toUpperCase();
  if (!isInstructionName(name)) {
    const problem = `unknown instruction: ${statement.keyword}${didYouMean(statement.keyword, Object.keys(PARSERS))}`;
    throw new DockerfileError(problem);
  }
  const { lines, keyword, text } = statement;
  return { ...PARSERS[name](statement, escape), lines, keyword, text: text.trim() };
}

function isInstructionName(name: string): name is InstructionName {
  return Object.hasOwn(PARSERS, name);
}

const PARSERS: Readonly<Record<InstructionName, Parser>> = {
  ADD: parseAdd,
  ARG: parseArg,
  CMD: (statement) => ({ name: "CMD", command: parseCommand(statement) }),
  COPY: parseCopy,
  ENTRYPOINT: (statement) => ({ name: "ENTRYPOINT", command: parseCommand(statement) }),
  ENV: (statement, escape) => ({ name: "ENV", pairs: parsePairs(statement, escape, "ENV") }),
  EXPOSE: parseExpose,
  FROM: parseFrom,
  HEALTHCHECK: parseHealthcheck,
  LABEL: (statement, escape) => ({ name: "LABEL", pairs: parsePairs(statement, escape, "LABEL") }),
  MAINTAINER: (statement) => ({ name: "MAINTAINER", author: onlyArgument(statement, "MAINTAINER") }),
  ONBUILD: parseOnbuild,
  RUN: parseRun,
  SHELL: parseShell,
  STOPSIGNAL: (statement) => ({ name: "STOPSIGNAL", signal: onlyArgument(statement, "STOPSIGNAL") }),
  USER: (statement) => ({ name: "USER", user: onlyArgument(statement, "USER") }),
  VOLUME: parseVolume,
  WORKDIR: (statement) => ({ name: "WORKDIR", path: onlyArgument(statement, "WORKDIR") }),
};

function needOne(isThere: boolean, name: string): void {
  if (!isThere) throw new DockerfileError(`${name} requires at least one argument`);
}

/** The whole rest is the argument, white space and all. */
function onlyArgument({ rest, flags }: Statement, name: string): string {
  if (rest === "") throw new DockerfileError(`${name} requires exactly one argument`);
  decodeFlags(flags, {});
  return rest;
}

function parseCommand({ rest, flags }: Statement): CommandLine {
  decodeFlags(flags, {});
  return toCommand(rest);
}

function toCommand(rest: string): CommandLine {
  const words = jsonWords(rest);
  if (words !== undefined) return { words, shell: false };
  return { words: rest === "" ? [] : [rest], shell: true };
}

function parsePairs({ rest, flags }: Statement, escape: Escape, name: "ENV" | "LABEL"): ReturnType<typeof keyValues> {
  const pairs = keyValues(rest, escape, name);
  decodeFlags(flags, {});
  needOne(pairs.length > 0, name);
  if (pairs.some(({ key }) => key === "")) throw new DockerfileError(`${name} names can not be blank`);
  return pairs;
}

function parseArg({ rest, comments }: Statement, escape: Escape): InstructionBody {
  const words = quotedWords(rest, escape);
  needOne(words.length > 0, "ARG");
  const args = words.map((word): ArgDefault => {
    const at = word.indexOf("=");
    if (at === 0) throw new DockerfileError("ARG names can not be blank");
    const key = at === -1 ? word : word.slice(0, at);
    return { key, value: at === -1 ? undefined : word.slice(at + 1), description: descriptionOf(key, comments) };
  });
  return { name: "ARG", args, comment: comments.at(-1) ?? "" };
}

/** A comment line before it that begins with the name describes it. */
function descriptionOf(name: string, comments: readonly string[]): string {
  if (name === "") return "";
  return comments.find((comment) => comment.startsWith(`${name} `))?.slice(name.length + 1) ?? "";
}

function parseExpose({ rest, flags }: Statement): InstructionBody {
  const ports = plainWords(rest);
  needOne(ports.length > 0, "EXPOSE");
  decodeFlags(flags, {});
  return { name: "EXPOSE", ports: ports.toSorted() };
}

const STAGE_NAME = /^[a-z][a-z0-9-_.]*$/;

function parseFrom({ rest, flags, comments }: Statement): InstructionBody {
  const [base = "", as = "", name = "", ...more] = plainWords(rest);
  const isNamed = name !== "" && more.length === 0 && as.toLowerCase() === "as";
  if (base === "" || (as !== "" && !isNamed)) {
    throw new DockerfileError("FROM requires either one or three arguments");
  }
  const stage = name.toLowerCase();
  if (isNamed && !STAGE_NAME.test(stage)) {
    const quoted = JSON.stringify(name);
    throw new DockerfileError(
      `invalid name for build stage: ${quoted}, name can't start with a number or contain symbols`,
    );
  }
  const { platform } = decodeFlags(flags, { platform: "string" });
  const [description, comment] = [descriptionOf(stage, comments), comments.at(-1) ?? ""];
  return { name: "FROM", base, stage, platform, description, comment };
}

function parseOnbuild({ rest, flags, heredocs }: Statement): InstructionBody {
  const [word = ""] = plainWords(rest);
  needOne(word !== "", "ONBUILD");
  decodeFlags(flags, {});
  const trigger = word.toUpperCase();
  if (trigger === "ONBUILD") throw new DockerfileError("Chaining ONBUILD via `ONBUILD ONBUILD` isn't allowed");
  if (trigger === "MAINTAINER" || trigger === "FROM") {
    throw new DockerfileError(`${trigger} isn't allowed as an ONBUILD trigger`);
  }
  const documents = heredocs.map(({ content, name }) => `\n${content}${name}`);
  return { name: "ONBUILD", trigger: rest + documents.join("") };
}

const RUN_FLAGS = { mount: "strings", network: "string", security: "string" } as const;
const NETWORKS: readonly NetworkMode[] = ["default", "none", "host"];

function parseRun({ rest, flags, heredocs }: Statement): InstructionBody {
  const { mount, network, security } = decodeFlags(flags, RUN_FLAGS);
  for (const text of mount) checkMountFrom(text);
  const mode = NETWORKS.find((known) => known === (network || "default"));
  if (mode === undefined) throw new DockerfileError(`invalid network mode ${JSON.stringify(network)}`);
  if (!["", "sandbox", "insecure"].includes(security)) {
    throw new DockerfileError(`security ${JSON.stringify(security)} is not valid`);
  }
  const files = heredocs.map(({ name, content, chomp }) => ({ name, text: content, chomp }));
  return {
    name: "RUN",
    command: toCommand(rest),
    files,
    mounts: mount,
    network: mode,
    security: security === "insecure" ? "insecure" : "sandbox",
  };
}

function parseShell({ rest, flags }: Statement): InstructionBody {
  decodeFlags(flags, {});
  const shell = jsonWords(rest);
  needOne(rest !== "" && shell?.length !== 0, "SHELL");
  if (shell === undefined) throw new DockerfileError("SHELL requires the arguments to be in JSON form");
  return { name: "SHELL", shell };
}

function parseVolume({ rest, flags }: Statement): InstructionBody {
  const volumes = (jsonWords(rest) ?? plainWords(rest)).map((volume) => volume.trim());
  needOne(volumes.length > 0, "VOLUME");
  decodeFlags(flags, {});
  if (volumes.includes("")) throw new DockerfileError("VOLUME specified can not be an empty string");
  return { name: "VOLUME", volumes };
}
