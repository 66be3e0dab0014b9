/** What is said of a build after its progress: the output of the step that failed, its place in the Dockerfile, warnings. Pure. */
import { excerptOf } from "../../../dockerfile/excerpt.ts";
import type { GrpcError } from "../../../grpc/status.ts";
import { int, list, string, struct } from "../../../wire/decode/primitives.ts";
import { neutralise, neutraliseLine } from "../../neutralise.ts";
import type { BuildModel, BuildVertex, BuildWarning } from "./model.ts";

/** Lines of the step's output. */
const MAX_LOG_LINES = 20;
const RULE = "------";

/** The last output of each step that failed. */
export function failedSteps({ vertices }: BuildModel): string {
  return vertices
    .filter(({ error, isCanceled }) => error !== "" && !isCanceled)
    .map(stepText)
    .join("");
}

function stepText({ name, logs }: BuildVertex): string {
  const lines = logs.slice(-MAX_LOG_LINES).map(({ seconds, text }) => `${seconds.toFixed(3)} ${neutralise(text)}`);
  return `${[RULE, ` > ${neutraliseLine(name)}:`, ...lines, RULE].join("\n")}\n`;
}

const position = struct("Position", () => ({ line: 0 }), { line: int });
const noRange = () => ({ start: { line: 0 }, end: { line: 0 } });
const range = struct("Range", noRange, { start: position, end: position });
const noInfo = () => ({ filename: "", data: "" });
const info = struct("SourceInfo", noInfo, { filename: string, data: string });
const noSource = () => ({ info: noInfo(), ranges: Array.of<ReturnType<typeof noRange>>() });
const source = struct("Source", noSource, { info, ranges: list("Range", range, noRange) });

/** The lines of the Dockerfile that the engine says are at fault. */
export function failedLines({ details }: Pick<GrpcError, "details">): string {
  return details
    .filter(({ type }) => type === "errdefs.Source")
    .map(({ json }) => {
      const { info: file, ranges } = source(json ?? {}, "");
      return excerptOf({
        fileName: neutraliseLine(file.filename),
        text: neutralise(Buffer.from(file.data, "base64").toString()),
        ranges: ranges.map(({ start, end }) => ({ first: start.line, last: Math.max(start.line, end.line) })),
      });
    })
    .join("");
}

/** One line each, or with `details` all there is to say. */
export function warningsText(warnings: readonly BuildWarning[], details: boolean): string {
  if (warnings.length === 0) return "";
  const count = `${warnings.length} warning${warnings.length === 1 ? "" : "s"} found`;
  if (details) return `\n${count}:\n${warnings.map(warningText).join("")}`;
  const lines = warnings.map(({ short }) => ` - ${neutraliseLine(Buffer.from(short).toString())}\n`);
  return `\n${count} (use --debug to expand):\n${lines.join("")}`;
}

function warningText({ short, detail, url, info: file, ranges }: BuildWarning): string {
  const lines = [
    Buffer.from(short).toString(),
    ...detail.map((line) => Buffer.from(line).toString()),
    ...(url === "" ? [] : [`More info: ${url}`]),
  ];
  const excerpt = excerptOf({
    fileName: neutraliseLine(file?.filename ?? ""),
    text: neutralise(Buffer.from(file?.data ?? new Uint8Array()).toString()),
    ranges: ranges.map(({ start, end }) => ({ first: start?.line ?? 0, last: end?.line ?? start?.line ?? 0 })),
  });
  return `${lines.map((line) => neutraliseLine(line)).join("\n")}\n${excerpt}\n`;
}
