/** The worker thread that makes network namespaces. Only this thread ever leaves the engine's own namespace, and never across an `await`. */
import { messageOf } from "../base/errors.ts";
import { NetlinkSocket } from "../kernel/netlink/socket.ts";
import { currentNetns } from "../kernel/netns.ts";
import { createBareNetns, createBridgedNetns, deleteBridge, ensureBridge } from "./bridge.ts";
import type { Answer, Job, Outcome, Question } from "./worker-client.ts";

declare const self: Worker;

const home = currentNetns();
const host = new NetlinkSocket();

function carryOut(job: Job): Outcome {
  switch (job.do) {
    case "ensureBridge":
      return { bridge: ensureBridge(host, job.name, job.subnet) };
    case "deleteBridge":
      deleteBridge(host, job.name);
      return {};
    case "createBare":
      return { fd: createBareNetns(home).fd };
    case "createBridged":
      return { fd: createBridgedNetns(host, home, job.bridge, job.address).fd };
    case "close":
      host.close();
      home.close();
      return {};
  }
}

function answer({ id, job }: Question): Answer {
  try {
    return { id, outcome: carryOut(job) };
  } catch (error) {
    return { id, error: messageOf(error) };
  }
}

self.onmessage = (event: MessageEvent<Question>): void => postMessage(answer(event.data));
