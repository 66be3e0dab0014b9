/** Checks of the house that no linter knows. Prints `file:line: what is wrong` and exits non-zero when there is anything to say. */
import { importProblems } from "./imports.ts";

interface Rule {
  readonly files: RegExp;
  /** One entry per problem; the line is 1-based. */
  find(path: string, text: string): { readonly line: number; readonly problem: string }[];
}

const SELF = /^scripts\/(house-rules|imports)/;
const LONGEST_C_FILE = 350;

/** A rule that no line of the files matches `pattern`. */
function never(files: RegExp, pattern: RegExp, problem: string): Rule {
  return {
    files,
    find: (_path, text) =>
      text
        .split("\n")
        .flatMap((line, at) => (pattern.test(line) ? [{ line: at + 1, problem: `${problem}: ${line.trim()}` }] : [])),
  };
}

const wholeFile = (problem: string): { line: number; problem: string }[] => [{ line: 1, problem }];

const RULES: readonly Rule[] = [
  never(/\.(ts|c|h|sh)$/, /\b(TODO|FIXME|XXX)\b/, "something left undone"),
  never(/\.ts$/, /@ts-(ignore|expect-error|nocheck)|(oxlint|eslint)-disable|biome-ignore/, "a tool silenced"),
  never(/\.test\.ts$/, /\b(test|it|describe)\.(skip|todo|only)\b/, "a test switched off"),
  never(/^src\/.*\.ts$/, /\bas any\b|^export \* from/, "no casts to any, no barrels"),
  never(
    /^(src|native|test|bench|scripts|docs)\/|^[^/]+\.md$/,
    /(^|[\s"'`(])\/(work|home|root)\//,
    "a path of somebody's machine",
  ),
  never(
    /^src\/(?!main\.ts$|daemon\/config\.ts$)(?!.*\.test\.ts$).*\.ts$/,
    /\b(process|Bun)\.(env|argv)\b/,
    "only main.ts and daemon/config.ts read environment and arguments",
  ),
  { files: /^src\/.*\.ts$/, find: (path, text) => importProblems(path, text).flatMap(wholeFile) },
  {
    files: /^(src|test|bench|scripts|native)\/.*(?<!\.test)\.ts$/,
    find: (_path, text) =>
      /^(#!.*\n)?\/\*\*/.test(text) ? [] : wholeFile("the file does not say in a head comment what it is"),
  },
  {
    files: /^native\/.*\.[ch]$/,
    find: (_path, text) => {
      const lines = text.split("\n").length;
      return lines > LONGEST_C_FILE ? wholeFile(`${lines} lines, more than ${LONGEST_C_FILE}`) : [];
    },
  },
];

/** Problems of one file, as `path:line: problem`. */
export function problemsOf(path: string, text: string): string[] {
  return RULES.filter((rule) => rule.files.test(path)).flatMap((rule) =>
    rule.find(path, text).map(({ line, problem }) => `${path}:${line}: ${problem}`),
  );
}

async function trackedFiles(): Promise<string[]> {
  const listing = await new Response(Bun.spawn(["git", "ls-files", "-z"]).stdout).text();
  return listing.split("\0").filter((path) => path !== "" && !SELF.test(path));
}

if (import.meta.main) {
  const problems: string[] = [];
  for (const path of await trackedFiles()) {
    const file = Bun.file(path);
    if (await file.exists()) problems.push(...problemsOf(path, await file.text()));
  }
  for (const problem of problems) console.error(problem);
  process.exitCode = problems.length === 0 ? 0 : 1;
}
