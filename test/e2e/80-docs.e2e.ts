import { describe, expect, it } from "vitest";
import { pages, runnableBlocks } from "../support/docs";
import { environment, execute } from "./support/cloud";

/**
 * A block after `<!-- run -->` works as it is printed, typed in the repository's folder: on the tests' own cloud here,
 * since HOMEPORT_CLOUD names it.
 */
describe.each(pages().flatMap(runnableBlocks))("$page, $heading", ({ script }) => {
  it("shows commands that succeed", async () => {
    const { code, output } = await execute("bash", ["-euo", "pipefail", "-c", script], await environment());

    expect(code, output).toBe(0);
  });
});
