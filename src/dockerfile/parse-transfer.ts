/** COPY and ADD. Pure. */
import { decodeFlags, type FlagKind } from "./flags.ts";
import { parseHeredocMark, withoutLeadingTabs } from "./heredoc.ts";
import type { InlineFile, InstructionBody, Transfer } from "./instruction.ts";
import { DockerfileError } from "./place.ts";
import type { Statement } from "./statements.ts";
import { jsonWords, plainWords } from "./words.ts";

const COMMON = {
  chown: "string",
  chmod: "string",
  link: "boolean",
  parents: "boolean",
  exclude: "strings",
} as const satisfies Record<string, FlagKind>;

export function parseCopy(statement: Statement): InstructionBody {
  const words = transferWords(statement, "COPY");
  const flags = decodeFlags(statement.flags, { ...COMMON, from: "string" });
  return { name: "COPY", transfer: { ...toTransfer(statement, words, "COPY"), ...commonOf(flags) }, from: flags.from };
}

export function parseAdd(statement: Statement): InstructionBody {
  const words = transferWords(statement, "ADD");
  const kinds = { ...COMMON, "keep-git-dir": "boolean", checksum: "string", unpack: "boolean" } as const;
  const flags = decodeFlags(statement.flags, kinds);
  const given = (name: string): boolean => statement.flags.some((flag) => flag.split("=", 1)[0] === `--${name}`);
  return {
    name: "ADD",
    transfer: { ...toTransfer(statement, words, "ADD"), ...commonOf(flags) },
    keepGitDir: given("keep-git-dir") ? flags["keep-git-dir"] : undefined,
    checksum: flags.checksum,
    unpack: given("unpack") ? flags.unpack : undefined,
  };
}

type Common = Pick<Transfer, "chown" | "chmod" | "link" | "parents" | "exclude">;

const commonOf = ({ chown, chmod, link, parents, exclude }: Common): Common => ({
  chown,
  chmod,
  link,
  parents,
  exclude,
});

function transferWords({ rest }: Statement, name: string): string[] {
  const words = jsonWords(rest) ?? plainWords(rest);
  if (words.length >= 2) return words;
  throw new DockerfileError(
    `${name} requires at least two arguments, but only one was provided. Destination could not be determined`,
  );
}

function toTransfer(
  { heredocs }: Statement,
  words: readonly string[],
  name: string,
): Pick<Transfer, "sources" | "inline" | "destination"> {
  const destination = words.at(-1) ?? "";
  if (parseHeredocMark(destination) !== undefined) {
    throw new DockerfileError(`${name} cannot accept a heredoc as a destination`);
  }
  const sources: string[] = [];
  const inline: InlineFile[] = [];
  for (const word of words.slice(0, -1)) {
    const mark = parseHeredocMark(word);
    const heredoc = heredocs.find((candidate) => candidate.name === mark?.name);
    if (mark === undefined || heredoc === undefined) sources.push(word);
    else {
      const text = mark.chomp ? withoutLeadingTabs(heredoc.content) : heredoc.content;
      inline.push({ name: mark.name, text, expand: mark.expand });
    }
  }
  return { sources, inline, destination };
}
