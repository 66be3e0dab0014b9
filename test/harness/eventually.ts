/** Waiting for what tells nobody that it has come. */
const MOST_MS = 120_000;

/** For what nothing tells of: asks again until it holds. Gives up before the test's own limit, at which the file's engine would be ended too. */
export async function eventually(holds: () => Promise<boolean>): Promise<void> {
  const end = performance.now() + MOST_MS;
  while (!(await holds())) {
    if (performance.now() > end) throw new Error(`after ${MOST_MS} ms this does not hold: ${holds.toString()}`);
    await Bun.sleep(5);
  }
}
