/** Built twice: what changes makes the steps after it be carried out again, and nothing else does. */
import type { BuildCase } from "./case.ts";

const STEPS = "FROM cmpbox\nCOPY a /x\nRUN echo one > /one\nCOPY d /y\nRUN echo two > /two\n";
const FILES = { a: "A\n", "d/": "", "d/e": "E\n", "d/f": "F\n", unused: "U\n" };

export const CACHE_CASES: readonly BuildCase[] = [
  { name: "nothing changed", dockerfile: STEPS, context: FILES, again: {} },
  { name: "an unused file changed", dockerfile: STEPS, context: FILES, again: { unused: "V\n" } },
  { name: "a used file changed", dockerfile: STEPS, context: FILES, again: { a: "B\n" } },
  { name: "a file in a used directory changed", dockerfile: STEPS, context: FILES, again: { "d/e": "G\n" } },
  { name: "a file in a used directory appeared", dockerfile: STEPS, context: FILES, again: { "d/new": "N\n" } },
  { name: "a file in a used directory went", dockerfile: STEPS, context: FILES, again: { "d/f": undefined } },
  { name: "a mode changed", dockerfile: STEPS, context: FILES, again: { a: { text: "A\n", mode: 0o600 } } },
  { name: "a comment changed", dockerfile: STEPS, context: FILES, again: { Dockerfile: `# words\n${STEPS}` } },
  {
    name: "a variable changed",
    dockerfile: `FROM cmpbox\nRUN echo first\nENV a=1\nRUN echo second\n`,
    again: { Dockerfile: `FROM cmpbox\nRUN echo first\nENV a=2\nRUN echo second\n` },
  },
  {
    name: "a label changed",
    dockerfile: `FROM cmpbox\nLABEL a=1\nRUN echo labelled\n`,
    again: { Dockerfile: `FROM cmpbox\nLABEL a=2\nRUN echo labelled\n` },
  },
  {
    name: "an independent stage changed",
    dockerfile:
      "FROM cmpbox AS a\nRUN echo in a > /a\nFROM cmpbox AS b\nRUN echo in b > /b\nFROM cmpbox\nCOPY --from=a /a /a\nCOPY --from=b /b /b\n",
    again: {
      Dockerfile:
        "FROM cmpbox AS a\nRUN echo in a > /a\nFROM cmpbox AS b\nRUN echo in other b > /b\nFROM cmpbox\nCOPY --from=a /a /a\nCOPY --from=b /b /b\n",
    },
  },
];
