/** A real resolver of one of the three builds, in a namespace that stands for the host's. */
import type { Build } from "../harness.ts";
import { ServiceLab } from "../service-lab.ts";

export class Lab extends ServiceLab {
  static async start(kind: Build): Promise<Lab> {
    const lab = new Lab(kind, "tare-resolver");
    await lab.ready();
    return lab;
  }
}
