import { join } from "node:path";
import { defineConfig } from "vitest/config";

/** What needs no Docker; `test/e2e` runs against a local cloud that is up, by its own command. */
export default defineConfig({
  // one copy of the package, whoever imports it
  resolve: {
    alias: [
      { find: /^homeport$/, replacement: join(import.meta.dirname, "components", "index.ts") },
      {
        find: /^homeport\/system$/,
        replacement: join(import.meta.dirname, "components", "lib", "system.ts"),
      },
    ],
  },
  test: {
    include: ["test/{unit,components,program,local-cloud}/**/*.test.ts"],
    // the SDK keeps its mocks and settings in globals: a file of its own process each
    pool: "forks",
    // many start programs: on a machine that does something else too, 5 s tell its load and no fault
    testTimeout: 60_000,
    restoreMocks: true,
    unstubEnvs: true,
  },
});
