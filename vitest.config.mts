import { defineConfig } from "vitest/config";

/** What needs no Docker; `test/e2e` runs against a local cloud that is up, by its own command. */
export default defineConfig({
  test: {
    include: ["test/{unit,components,program,local-cloud}/**/*.test.ts"],
    // the SDK keeps its mocks and settings in globals: a file of its own process each
    pool: "forks",
    restoreMocks: true,
    unstubEnvs: true,
  },
});
