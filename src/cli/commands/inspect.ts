/** tare inspect: everything about containers, images, networks and volumes, whichever a name is. */
import type { Client } from "../../client/client.ts";
import { isStatus } from "../../client/errors.ts";
import { defineCommand } from "../command.ts";
import { CommandError } from "../errors.ts";
import { switchFlag, textFlag } from "../flag-kinds.ts";
import { formatFlag } from "../format-flag.ts";
import { type Found, inspectAll } from "../inspect.ts";

const TYPES = ["container", "image", "network", "volume"] as const;
type ObjectType = (typeof TYPES)[number];

export const command = defineCommand({
  usage: "[OPTIONS] NAME|ID [NAME|ID...]",
  flags: {
    format: formatFlag({ short: "f" }),
    size: switchFlag("Display total file sizes if the type is container", { short: "s" }),
    type: textFlag("Only inspect objects of the given type"),
  },
  args: [1, Number.POSITIVE_INFINITY],
  async run(context, { flags, given, args }) {
    const types = TYPES.filter((type) => !given.has("type") || type === flags.type);
    if (types.length === 0) throw unknownType(flags.type);
    const client = await context.client();
    return inspectAll(context, args, {
      format: flags.format,
      fetch: (ref) => fetchFirst(client, ref, types, flags.size),
    });
  },
});

function unknownType(type: string): CommandError {
  const names = TYPES.map((name) => JSON.stringify(name)).join(", ");
  return new CommandError(`unknown type: ${JSON.stringify(type)}: must be one of ${names}`);
}

/** Tries each type; when several were possible, docker names no type in the error. */
async function fetchFirst(client: Client, ref: string, types: readonly ObjectType[], size: boolean): Promise<Found> {
  for (const type of types) {
    try {
      return await fetchOne(client, type, ref, size);
    } catch (error) {
      if (types.length === 1 || !isStatus(error, 404)) throw error;
    }
  }
  throw new CommandError(`Error: No such object: ${ref}`);
}

async function fetchOne(client: Client, type: ObjectType, ref: string, size: boolean): Promise<Found> {
  if (type === "image") {
    const { imageShape } = await import("../format/image-shape.ts");
    return { data: await client.images.inspect(ref), shape: imageShape };
  }
  if (type === "volume") {
    const { volumeShape } = await import("../format/volume-shape.ts");
    return { data: await client.volumes.inspect(ref), shape: volumeShape };
  }
  if (type === "network") {
    const { networkShape } = await import("../format/network-shape.ts");
    return { data: await client.networks.inspect(ref), shape: networkShape };
  }
  const { containerShape } = await import("../format/container-shape.ts");
  return { data: await client.containers.inspect(ref, { size }), shape: containerShape };
}
