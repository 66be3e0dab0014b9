/** Places in a Dockerfile as the engine names them, and the lines that stand there. Pure. */
import { excerptOf } from "../../../dockerfile/excerpt.ts";
import { type Decoder, int, list, string, struct } from "../../../wire/decode/primitives.ts";
import { neutralise, neutraliseLine } from "../../neutralise.ts";

export interface Range {
  start: { line: number };
  end: { line: number };
}

/** A Dockerfile: its name, and its text in base64. */
export interface FileData {
  filename: string;
  data: string;
}

const position = struct("Position", () => ({ line: 0 }), { line: int });
const noRange = (): Range => ({ start: { line: 0 }, end: { line: 0 } });
const range = struct("Range", noRange, { start: position, end: position });
export const ranges: Decoder<Range[]> = list("Range", range, noRange);

export const noFile = (): FileData => ({ filename: "", data: "" });
export const fileData: Decoder<FileData> = struct("SourceInfo", noFile, { filename: string, data: string });

export function excerptAt({ filename, data }: FileData, meant: readonly Range[]): string {
  return excerptOf({
    fileName: neutraliseLine(filename),
    text: neutralise(Buffer.from(data, "base64").toString()),
    ranges: meant.map(({ start, end }) => ({ first: start.line, last: Math.max(start.line, end.line) })),
  });
}
