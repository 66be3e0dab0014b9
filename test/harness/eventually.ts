/** For what nothing tells of: asks again until it holds. The test's own time limit is the limit. */
export async function eventually(holds: () => Promise<boolean>): Promise<void> {
  while (!(await holds())) await Bun.sleep(5);
}
