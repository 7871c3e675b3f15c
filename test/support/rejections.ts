/**
 * What the program would end with: `work` is over with the first of it, since what waits for a resource that is not
 * made waits for ever. The SDK leaves it to the process's handler of rejections, which the language host
 * installs and which is the test runner's here.
 */
export async function rejections(work: () => Promise<void>): Promise<unknown[]> {
  const runner = process.listeners("unhandledRejection");
  const errors: unknown[] = [];
  process.removeAllListeners("unhandledRejection");
  const ended = new Promise<void>((end) => {
    process.on("unhandledRejection", (error) => {
      errors.push(error);
      end();
    });
  });
  try {
    await Promise.race([ended, work().catch((error: unknown) => errors.push(error))]);
    // rejections are told when the queue of promises is empty
    await new Promise((resolve) => setImmediate(resolve));
  } finally {
    process.removeAllListeners("unhandledRejection");
    for (const listener of runner) process.on("unhandledRejection", listener);
  }
  return errors;
}
