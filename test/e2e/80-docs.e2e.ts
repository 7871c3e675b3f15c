import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { pages, ROOT, runnableBlocks } from "../support/docs";
import { environment, execute, must } from "./support/cloud";

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

describe("docs/graph.svg", () => {
  it("shows the stack as it is; after a change: npx homeport graph --output docs/graph.svg", async () => {
    const { stdout } = await must("npx", "homeport", "graph", "--json");
    const { groups, edges } = JSON.parse(stdout) as Graph;
    const svg = readFileSync(join(ROOT, "docs", "graph.svg"), "utf8");
    const drawn = (pattern: RegExp): string[] =>
      [...svg.matchAll(pattern)].map(([, text = ""]) => text).sort();

    const words = groups.flatMap(({ title, nodes }) => [
      title,
      ...nodes.flatMap(({ role, kind }) => [role, kind]),
    ]);
    expect(drawn(/<text[^>]*>([^<]*)</g)).toEqual(words.filter((word) => word !== "").sort());
    // graphviz names an edge by its ends; invisible ones are not in the picture
    const arrows = edges.map(({ from, to }) => `${from}&#45;&gt;${to}`);
    expect(drawn(/<title>(n\d+&#45;&gt;n\d+)</g)).toEqual(arrows.sort());
  });
});

/** What `homeport graph --json` prints. */
interface Graph {
  readonly groups: readonly {
    readonly title: string;
    readonly nodes: readonly { readonly role: string; readonly kind: string }[];
  }[];
  readonly edges: readonly { readonly from: string; readonly to: string }[];
}
