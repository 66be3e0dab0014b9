/** The methods that a build's client offers on its session. */
import { BytesMessage, Empty } from "../wire/buildkit/common.ts";
import {
  CheckAgentRequest,
  ContentInfoRequest,
  ContentInfoResponse,
  CredentialsRequest,
  CredentialsResponse,
  GetSecretRequest,
  GetSecretResponse,
  Packet,
  ReadContentRequest,
  ReadContentResponse,
  WriteContentRequest,
  WriteContentResponse,
} from "../wire/buildkit/session.ts";
import { method } from "./method.ts";

export const SYNC_FILES = method("/moby.filesync.v1.FileSync/DiffCopy", Packet, Packet);
/** One path, two protocols: a file goes as bytes, a tree as packets. */
export const SEND_BYTES = method("/moby.filesync.v1.FileSend/DiffCopy", BytesMessage, BytesMessage);
export const SEND_TREE = method("/moby.filesync.v1.FileSend/DiffCopy", Packet, Packet);
export const GET_SECRET = method("/moby.buildkit.secrets.v1.Secrets/GetSecret", GetSecretRequest, GetSecretResponse);
export const CHECK_AGENT = method("/moby.sshforward.v1.SSH/CheckAgent", CheckAgentRequest, Empty);
export const FORWARD_AGENT = method("/moby.sshforward.v1.SSH/ForwardAgent", BytesMessage, BytesMessage);
export const CREDENTIALS = method("/moby.filesync.v1.Auth/Credentials", CredentialsRequest, CredentialsResponse);
export const PULL_UPLOAD = method("/moby.upload.v1.Upload/Pull", BytesMessage, BytesMessage);
export const CONTENT_INFO = method(
  "/containerd.services.content.v1.Content/Info",
  ContentInfoRequest,
  ContentInfoResponse,
);
export const CONTENT_READ = method(
  "/containerd.services.content.v1.Content/Read",
  ReadContentRequest,
  ReadContentResponse,
);
export const CONTENT_WRITE = method(
  "/containerd.services.content.v1.Content/Write",
  WriteContentRequest,
  WriteContentResponse,
);

/** Metadata of SYNC_FILES: the digest of the list of stats that need not come again. */
export const KNOWN_LIST = "tare-known-list";
