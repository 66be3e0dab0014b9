/** Control's history of builds, and the documents that its records name. */
import { notFound } from "../../base/errors.ts";
import type { BuildAttachment, BuildRecord, History } from "../../build/builder.ts";
import { LISTEN_HISTORY, UPDATE_HISTORY } from "../../grpc/control-methods.ts";
import { type Call, type Endpoint, serverStreaming, unary } from "../../grpc/method.ts";
import { CONTENT_INFO, CONTENT_READ } from "../../grpc/session-methods.ts";
import { toTimestamp } from "../../wire/buildkit/common.ts";
import { type BuildHistoryEvent, type BuildHistoryRequest, HISTORY_EVENT } from "../../wire/buildkit/control.ts";
import type { MessageOf, Sendable } from "../../wire/protobuf/message.ts";

const IN_TOTO = "application/vnd.in-toto+json";

export function historyEndpoints(history: History): Endpoint[] {
  const documentOf = (digest: string): Uint8Array => {
    const text = history.attachment(digest);
    if (text === undefined) throw notFound(`content ${digest}: not found`);
    return Uint8Array.from(Buffer.from(text));
  };
  return [
    serverStreaming(LISTEN_HISTORY, (request, call) => listen(history, request, call)),
    unary(UPDATE_HISTORY, async ({ ref, pinned, delete: remove, finalize }) => {
      if (!finalize) await history.update(ref, remove ? { delete: true } : { pinned });
      return {};
    }),
    unary(CONTENT_INFO, ({ digest }) => ({ info: { digest, size: documentOf(digest).length, labels: new Map() } })),
    serverStreaming(CONTENT_READ, async function* ({ digest, offset, size }) {
      const bytes = documentOf(digest).subarray(offset);
      yield { offset, data: size > 0 ? bytes.subarray(0, size) : bytes };
    }),
  ];
}

async function* listen(
  history: History,
  { activeOnly, ref, earlyExit, limit }: typeof BuildHistoryRequest.empty,
  { signal }: Call,
): AsyncGenerator<Sendable<MessageOf<typeof BuildHistoryEvent>>> {
  const isWanted = (record: BuildRecord): boolean =>
    (ref === "" || record.ref === ref) && (!activeOnly || record.state === "running");
  if (earlyExit) {
    const found = history.list().filter(isWanted);
    yield* (limit > 0 ? found.slice(0, limit) : found).map(toHistoryEvent);
    return;
  }
  for await (const record of history.watch(signal)) if (isWanted(record)) yield toHistoryEvent(record);
}

const EVENT_OF = {
  running: HISTORY_EVENT.started,
  complete: HISTORY_EVENT.complete,
  deleted: HISTORY_EVENT.deleted,
} as const;

function toHistoryEvent(record: BuildRecord): Sendable<MessageOf<typeof BuildHistoryEvent>> {
  const { ref, state, attributes, exporters, answers, error, pinned, steps, warnings, attachments } = record;
  const only = attachments.filter(({ platform }) => platform === "");
  const byPlatform = Map.groupBy(attachments, ({ platform }) => platform);
  byPlatform.delete("");
  return {
    type: EVENT_OF[state],
    record: {
      ref,
      frontend: "dockerfile.v0",
      frontendAttrs: new Map(attributes),
      exporters: exporters.map(({ type, attributes: attrs }) => ({ type, attrs: new Map(attrs) })),
      exporterResponse: new Map(answers),
      error: error === undefined ? undefined : { code: 2, message: error, details: [] },
      createdAt: toTimestamp(record.createdAt),
      completedAt: record.completedAt === undefined ? undefined : toTimestamp(record.completedAt),
      result: only.length === 0 ? undefined : toResult(only),
      results: new Map([...byPlatform].map(([platform, own]) => [platform, toResult(own)])),
      pinned,
      numTotalSteps: steps.total,
      numCompletedSteps: steps.completed,
      numCachedSteps: steps.cached,
      numWarnings: warnings,
    },
  };
}

function toResult(attachments: readonly BuildAttachment[]) {
  const [result] = attachments.filter(({ mediaType }) => mediaType !== undefined);
  const statements = attachments.filter(({ mediaType }) => mediaType === undefined);
  return {
    results: result === undefined ? [] : [{ key: 0, value: toDescriptor(result) }],
    attestations: statements.map(toDescriptor),
  };
}

const toDescriptor = ({ mediaType = IN_TOTO, digest, text, predicateType }: BuildAttachment) => ({
  mediaType,
  digest,
  size: Buffer.byteLength(text),
  annotations: new Map(predicateType === undefined ? [] : [["in-toto.io/predicate-type", predicateType]]),
});
