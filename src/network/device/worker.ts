/** The worker thread that makes network namespaces. Only this thread ever leaves the engine's own namespace, and never across an `await`. */
import { EngineError, messageOf } from "../../base/errors.ts";
import { openPath } from "../../kernel/at.ts";
import { SysError } from "../../kernel/errno.ts";
import { NETLINK, NetlinkSocket } from "../../kernel/netlink/socket.ts";
import { currentNetns } from "../../kernel/netns.ts";
import { O } from "../../kernel/open-flags.ts";
import {
  deleteBridge,
  deletePair,
  deleteParent,
  ensureBridge,
  ensureParent,
  findBridge,
  isForwarding,
  portsOf,
  usedSubnets,
} from "./host.ts";
import { changeNamespace, createNamespace } from "./namespace.ts";
import type { NamespaceChange } from "./plan.ts";
import { forgetFlows } from "./stale-flows.ts";
import type { Answer, Job, Outcome, Question } from "./worker-client.ts";

declare const self: Worker;

const netns = currentNetns();
const host = new NetlinkSocket();
const home = { netns, host };

function carryOut(job: Job): Outcome {
  switch (job.do) {
    case "wake":
      return {};
    case "usedSubnets":
      return { subnets: usedSubnets(host, job.except) };
    case "isForwarding":
      return { found: isForwarding(host, job.port) };
    case "portsOf":
      return { names: portsOf(host, job.alias) };
    case "findBridge":
      return given("bridge", findBridge(host, job.name));
    case "ensureBridge":
      return given("index", ensureBridge(host, job.plan));
    case "deleteBridge":
      deleteBridge(host, job.plan);
      return {};
    case "ensureParent":
      return { index: ensureParent(host, job.plan) };
    case "deleteParent":
      deleteParent(host, job.plan);
      return {};
    case "deletePair":
      deletePair(host, job.hostName);
      return {};
    case "createNamespace":
      return { fd: createNamespace(home, job.plan).fd };
    case "changeNamespace":
      change(job.path, job.change);
      return {};
    case "forgetFlows": {
      using netfilter = new NetlinkSocket(NETLINK.NETFILTER);
      forgetFlows(netfilter, job.ports);
      return {};
    }
    case "close":
      host.close();
      netns.close();
      return {};
  }
}

function given<K extends keyof Outcome>(key: K, value: Outcome[K] | undefined): Outcome {
  return value === undefined ? {} : { [key]: value };
}

function change(path: string, wanted: NamespaceChange): void {
  using namespace = openPath(path, O.RDONLY);
  changeNamespace(home, namespace, wanted);
}

function answer({ id, job }: Question): Answer {
  try {
    return { id, outcome: carryOut(job) };
  } catch (error) {
    const kind = error instanceof EngineError ? error.kind : "system";
    return { id, kind, message: messageOf(error), code: error instanceof SysError ? error.code : "" };
  }
}

self.onmessage = (event: MessageEvent<Question>): void => postMessage(answer(event.data));
