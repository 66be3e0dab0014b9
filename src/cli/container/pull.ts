/** Makes an image that is not there, as `docker run` does: the engine pulls it, its progress goes to standard error. */
import type { Client } from "../../client/client.ts";
import type { ProgressLine } from "../../wire/image.ts";
import { CommandError } from "../errors.ts";
import type { Output } from "../io.ts";
import { neutralise } from "../neutralise.ts";

export interface PullOptions {
  readonly platform: string;
  readonly quiet: boolean;
}

/** Throws CommandError, or ClientError, when the engine cannot get it. */
export async function pullImage(client: Client, image: string, options: PullOptions, out: Output): Promise<void> {
  const { name, tag } = splitReference(image);
  for await (const line of client.images.pull(name, tag, options.platform)) {
    const problem = line.errorDetail?.message ?? line.error;
    if (problem !== undefined) throw new CommandError(problem);
    if (!options.quiet) await report(line, out);
  }
}

/** Without moving the cursor, so that counters of bytes are left out. */
async function report({ id, status, stream, progressDetail }: ProgressLine, out: Output): Promise<void> {
  if (progressDetail?.total !== undefined) return;
  const text = status === undefined ? stream?.trimEnd() : status;
  if (text) await out.write(`${neutralise(id === undefined ? text : `${id}: ${text}`)}\n`);
}

/** "name:tag" with "latest" filled in, for messages. */
export function familiarName(image: string): string {
  const { name, tag } = splitReference(image);
  return `${name}${image.includes("@") ? "@" : ":"}${tag}`;
}

function splitReference(image: string): { name: string; tag: string } {
  const at = image.indexOf("@");
  if (at >= 0) return { name: image.slice(0, at), tag: image.slice(at + 1) };
  const colon = image.indexOf(":", image.lastIndexOf("/") + 1);
  return colon < 0 ? { name: image, tag: "latest" } : { name: image.slice(0, colon), tag: image.slice(colon + 1) };
}
