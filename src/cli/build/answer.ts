/** What `--call` has to say: as text, or as JSON for programs, and the exit code that goes with it. */
import { list, string, struct } from "../../wire/decode/primitives.ts";
import type { Context } from "../command.ts";
import { neutralise } from "../neutralise.ts";
import type { callOf } from "./attributes.ts";
import type { BuildAnswers } from "./build.ts";
import { excerptAt, fileData, noFile, type Range, ranges } from "./display/place.ts";

const noPlace = () => ({ ranges: Array.of<Range>() });
const place = struct("Location", noPlace, { ranges });
const noError = () => ({ message: "", location: noPlace() });
const buildError = struct("BuildError", noError, { message: string, location: place });
const noFindings = () => ({
  warnings: Array.of<object>(),
  sources: Array.of<ReturnType<typeof noFile>>(),
  buildError: noError(),
});
const findings = struct("LintResults", noFindings, {
  warnings: list(
    "Warning",
    struct("Warning", () => ({}), {}),
    () => ({}),
  ),
  sources: list("Source", fileData, noFile),
  buildError,
});

type Findings = ReturnType<typeof noFindings>;

/** A check that has found something fails, and so does what the file is at fault for. */
export async function tellAnswer(
  { io }: Context,
  { name, format }: ReturnType<typeof callOf>,
  answers: BuildAnswers,
): Promise<number> {
  const json = answers.get("result.json") ?? "{}";
  const found = name === "lint" ? findings(JSON.parse(json), "") : noFindings();
  const text = answers.get("result.txt") ?? "";
  if (format === "json") await io.stdout.write(`${json}\n`);
  else await io.stdout.write(neutralise(name === "lint" ? checkText(found, text) : text));
  if (found.buildError.message !== "") await io.stderr.write(errorText(found));
  return Number(answers.get("result.statuscode") ?? "0");
}

function checkText({ warnings: { length }, buildError: { message } }: Findings, text: string): string {
  if (length > 0) return `Check complete, ${length} warning${length === 1 ? " has" : "s have"} been found!\n${text}`;
  return message === "" ? "Check complete, no warnings found.\n" : "";
}

function errorText({ warnings, sources: [file = noFile()], buildError: { message, location } }: Findings): string {
  const gap = warnings.length === 0 ? "" : "\n";
  return `${gap}ERROR: ${neutralise(message)}\n${excerptAt(file, location.ranges)}`;
}
