import { defineConfig } from "vitest/config";

/** One local cloud, one story: the files in their order, each test after the one before. */
export default defineConfig({
  test: {
    include: ["test/e2e/*.e2e.ts"],
    pool: "forks",
    fileParallelism: false,
    maxWorkers: 1,
    sequence: { sequencer: undefined, shuffle: false },
    bail: 0,
    testTimeout: 600_000,
    hookTimeout: 1_800_000,
  },
});
