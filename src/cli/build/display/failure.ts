/** What is said of a build after its progress: the output of the step that failed, its place in the Dockerfile, warnings. Pure. */
import { excerptOf } from "../../../dockerfile/excerpt.ts";
import type { GrpcError } from "../../../grpc/status.ts";
import { struct } from "../../../wire/decode/primitives.ts";
import { neutralise, neutraliseLine } from "../../neutralise.ts";
import type { BuildModel, BuildVertex, BuildWarning } from "./model.ts";
import { excerptAt, fileData, noFile, type Range, ranges } from "./place.ts";

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

const noSource = () => ({ info: noFile(), ranges: Array.of<Range>() });
const source = struct("Source", noSource, { info: fileData, ranges });

/** The lines of the Dockerfile that the engine says are at fault. */
export function failedLines({ details }: Pick<GrpcError, "details">): string {
  return details
    .filter(({ type }) => type === "errdefs.Source")
    .map(({ json }) => {
      const { info, ranges: meant } = source(json ?? {}, "");
      return excerptAt(info, meant);
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
