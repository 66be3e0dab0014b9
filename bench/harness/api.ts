/** Requests to an engine without a client in between. */

/** Throws unless the engine is content. `path` is without the version, `body` sent as JSON. */
export async function call(unix: string, method: string, path: string, body?: unknown): Promise<Response> {
  const json =
    body === undefined ? {} : { body: JSON.stringify(body), headers: { "content-type": "application/json" } };
  const response = await fetch(`http://engine/v1.44${path}`, { unix, method, ...json });
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
  return response;
}
