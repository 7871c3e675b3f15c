import { defineConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";

/** By name: one local cloud, one story, each file after the one before. */
class ByName extends BaseSequencer {
  override sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    return Promise.resolve([...files].sort((a, b) => a.moduleId.localeCompare(b.moduleId)));
  }
}

const file = (name: string): string => `test/e2e/${name}.e2e.ts`;
/** Other projects, and what needs nothing of the system's story but that the system is up. */
const PROJECTS = ["11-*", "3*", "82-*", "83-*", "84-*", "85-*", "86-*", "90-*", "91-*"].map(file);
/** `npm test` runs both at once, each on a cloud of its own; without HOMEPORT_STORY all goes one after the other. */
const STORIES: Record<string, { include: string[]; exclude: string[] }> = {
  system: { include: [file("*")], exclude: PROJECTS },
  projects: { include: PROJECTS, exclude: [] },
};

export default defineConfig({
  test: {
    ...(STORIES[process.env.HOMEPORT_STORY ?? ""] ?? { include: [file("*")], exclude: [] }),
    globalSetup: "test/e2e/support/setup.ts",
    pool: "forks",
    fileParallelism: false,
    sequence: { sequencer: ByName },
    testTimeout: 600_000,
    hookTimeout: 1_800_000,
  },
});
