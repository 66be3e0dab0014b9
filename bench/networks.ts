/** Making and removing a network, and putting a running container on one and taking it off again. */
import type { Bench } from "./bench.ts";
import { call } from "./harness/api.ts";
import type { Contender, Field } from "./harness/contenders.ts";
import { measurePaired } from "./harness/paired.ts";
import { pairedReport, type Report } from "./harness/report.ts";

const [NETWORK, CONTAINER] = ["tare-bench-net", "tare-bench-box"];

export const bench: Bench = {
  name: "networks",
  run: async (field) => [await createAndRemove(field), ...(await connectAndDisconnect(field))],
};

async function createAndRemove(field: Field): Promise<Report> {
  const contenders = field.all.map(({ name, cli, shell }) => {
    return [name, () => shell.run(`${cli} network create ${NETWORK} && ${cli} network rm ${NETWORK}`)] as const;
  });
  return pairedReport("network create, network rm", await measurePaired(Object.fromEntries(contenders)));
}

async function connectAndDisconnect(field: Field): Promise<Report[]> {
  await using stack = new AsyncDisposableStack();
  for (const contender of field.all.filter(({ name }) => name !== field.dockerOnTare.name)) {
    await furnish(contender, stack);
  }
  const contenders = field.all.map(({ name, cli, shell }) => {
    const words = `${NETWORK} ${CONTAINER}`;
    return [name, () => shell.run(`${cli} network connect ${words} && ${cli} network disconnect ${words}`)] as const;
  });
  const requests = [field.tare, field.docker].flatMap((each) =>
    each?.socketPath === undefined ? [] : [[each.name, () => connectByApi(each.socketPath ?? "")] as const],
  );
  return [
    pairedReport("network connect, network disconnect", await measurePaired(Object.fromEntries(contenders))),
    pairedReport("the same over the API", await measurePaired(Object.fromEntries(requests))),
  ];
}

async function connectByApi(socketPath: string): Promise<void> {
  for (const action of ["connect", "disconnect"]) {
    await call(socketPath, "POST", `/networks/${NETWORK}/${action}`, { Container: CONTAINER });
  }
}

/** A network, and a container that runs on another. */
async function furnish({ cli, shell }: Contender, stack: AsyncDisposableStack): Promise<void> {
  stack.defer(() => shell.run(`${cli} network rm ${NETWORK} ${NETWORK}-own`));
  await shell.run(`${cli} network create ${NETWORK} && ${cli} network create ${NETWORK}-own`);
  stack.defer(() => shell.run(`${cli} rm -f ${CONTAINER}`));
  await shell.run(`${cli} run -d --name ${CONTAINER} --network ${NETWORK}-own busybox sleep 1000`);
}
