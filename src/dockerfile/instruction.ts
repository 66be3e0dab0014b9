/** The instructions of a Dockerfile, typed. Variables in them are not expanded yet. */
import type { Lines } from "./place.ts";
import type { KeyValue } from "./words.ts";

/** A command that runs as it is (from a JSON array) or through the shell. */
export interface CommandLine {
  readonly words: readonly string[];
  readonly shell: boolean;
}

/** Text that stands in the Dockerfile and becomes a file. */
export interface InlineFile {
  readonly name: string;
  readonly text: string;
  readonly expand: boolean;
}

export interface Transfer {
  /** Paths, patterns, and for ADD addresses. */
  readonly sources: readonly string[];
  readonly inline: readonly InlineFile[];
  readonly destination: string;
  readonly chown: string;
  readonly chmod: string;
  readonly link: boolean;
  readonly parents: boolean;
  readonly exclude: readonly string[];
}

/** Nanoseconds; 0 takes the base image's, or the default. */
export interface HealthOptions {
  readonly interval: number;
  readonly timeout: number;
  readonly startPeriod: number;
  readonly startInterval: number;
  readonly retries: number;
}

export interface ArgDefault {
  readonly key: string;
  readonly value: string | undefined;
  /** From a comment line "name …" before it. */
  readonly description: string;
}

export type NetworkMode = "default" | "none" | "host";

export type InstructionBody =
  | {
      readonly name: "ADD";
      readonly transfer: Transfer;
      readonly keepGitDir: boolean | undefined;
      readonly checksum: string;
      readonly unpack: boolean | undefined;
    }
  | { readonly name: "ARG"; readonly args: readonly ArgDefault[]; readonly comment: string }
  | { readonly name: "CMD" | "ENTRYPOINT"; readonly command: CommandLine }
  | { readonly name: "COPY"; readonly transfer: Transfer; readonly from: string }
  | { readonly name: "ENV" | "LABEL"; readonly pairs: readonly KeyValue[] }
  | { readonly name: "EXPOSE"; readonly ports: readonly string[] }
  | {
      readonly name: "FROM";
      readonly base: string;
      /** In lower case; "" without a name. */
      readonly stage: string;
      readonly platform: string;
      readonly description: string;
      /** The last line of comment before it, or "". */
      readonly comment: string;
    }
  /** An empty test takes the base image's one away: `HEALTHCHECK NONE`. */
  | { readonly name: "HEALTHCHECK"; readonly test: readonly string[]; readonly options: HealthOptions }
  | { readonly name: "MAINTAINER"; readonly author: string }
  | { readonly name: "ONBUILD"; readonly trigger: string }
  | {
      readonly name: "RUN";
      readonly command: CommandLine;
      readonly files: readonly RunFile[];
      readonly mounts: readonly string[];
      readonly network: NetworkMode;
      readonly security: "sandbox" | "insecure";
    }
  | { readonly name: "SHELL"; readonly shell: readonly string[] }
  | { readonly name: "STOPSIGNAL"; readonly signal: string }
  | { readonly name: "USER"; readonly user: string }
  | { readonly name: "VOLUME"; readonly volumes: readonly string[] }
  | { readonly name: "WORKDIR"; readonly path: string };

/** A here-document of RUN, as it was written: `chomp` takes its leading tabs away where the engine reads it. */
export interface RunFile {
  readonly name: string;
  readonly text: string;
  readonly chomp: boolean;
}

export type InstructionName = InstructionBody["name"];

export type Instruction = InstructionBody & {
  readonly lines: Lines;
  /** The keyword as it was written. */
  readonly keyword: string;
  /** The statement as it was written, in one line. */
  readonly text: string;
};

export type InstructionOf<N extends InstructionName> = Extract<Instruction, { readonly name: N }>;
