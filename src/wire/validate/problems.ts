/** Several things wrong with one request, told together as moby's multierror does. */

/** One problem as it is, several as a list. */
export function listProblems(problems: readonly string[]): string {
  const [first = ""] = problems;
  return problems.length === 1 ? first : problems.map((problem) => `* ${problem}`).join("\n");
}
