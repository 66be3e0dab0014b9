/** A failed build as gRPC tells it: with the details that let clients show the lines of the Dockerfile. Pure. */
import { rootError } from "../../base/errors.ts";
import { BuildFailure } from "../../build/failure.ts";
import { CODE, type Detail, GrpcError, toGrpcError } from "../../grpc/status.ts";
import { toRange, toSourceInfo } from "./status-messages.ts";

export function toBuildError(error: unknown): GrpcError {
  const root = rootError(error);
  if (!(root instanceof BuildFailure)) return toGrpcError(root);
  return new GrpcError(CODE.unknown, root.message, detailsOf(root), { cause: root });
}

function detailsOf({ place, vertex, exitCode }: BuildFailure): Detail[] {
  const details: Detail[] = [];
  if (place !== undefined) {
    const { data, ...info } = toSourceInfo(place);
    const source = { info: { ...info, data: data.toString("base64") }, ranges: [toRange(place)] };
    details.push({ type: "errdefs.Source", json: source });
  }
  if (vertex !== undefined) details.push({ type: "errdefs.Vertex", json: { digest: vertex } });
  if (exitCode !== undefined) details.push({ type: "gatewayapi.ExitMessage", json: { Code: exitCode } });
  return details;
}
