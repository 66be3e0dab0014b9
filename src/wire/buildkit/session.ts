/** The services that a build's client offers on its session (session/*.proto, fsutil's wire.proto, containerd's content.proto, grpc.health.v1). */
import { bytes, integer, nested, string, stringMap } from "../protobuf/field.ts";
import { type MessageOf, message } from "../protobuf/message.ts";
import { Stat, Timestamp } from "./common.ts";

/** Of Packet. */
/** `unchanged` is our own: the stats that the engine knows already. */
export const PACKET = { stat: 0, request: 1, data: 2, finish: 3, error: 4, unchanged: 100 } as const;
export const Packet = message({ type: integer(1), stat: nested(2, () => Stat), id: integer(3), data: bytes(4) });
export type Packet = MessageOf<typeof Packet>;

export const CredentialsRequest = message({ host: string(1) });
export const CredentialsResponse = message({ username: string(1), secret: string(2) });

export const GetSecretRequest = message({ id: string(1), annotations: stringMap(2) });
export const GetSecretResponse = message({ data: bytes(1) });

export const CheckAgentRequest = message({ id: string(1) });

const ContentInfo = message({ digest: string(1), size: integer(2), labels: stringMap(5) });
export const ContentInfoRequest = message({ digest: string(1) });
export const ContentInfoResponse = message({ info: nested(1, () => ContentInfo) });
export const ReadContentRequest = message({ digest: string(1), offset: integer(2), size: integer(3) });
export const ReadContentResponse = message({ offset: integer(1), data: bytes(2) });

/** Of WriteContentRequest. */
export const WRITE = { stat: 0, write: 1, commit: 2 } as const;
export const WriteContentRequest = message({
  action: integer(1),
  ref: string(2),
  total: integer(3),
  expected: string(4),
  offset: integer(5),
  data: bytes(6),
  labels: stringMap(7),
});
export const WriteContentResponse = message({
  action: integer(1),
  startedAt: nested(2, () => Timestamp),
  offset: integer(4),
  total: integer(5),
  digest: string(6),
});
