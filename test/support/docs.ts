import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";

export const ROOT = join(__dirname, "..", "..");

/** A Markdown file of the repository, its path from the root. */
export interface Page {
  readonly path: string;
  readonly text: string;
}

/** A block that a reader may copy: marked by `<!-- run -->`, safe on a local cloud. */
export interface RunnableBlock {
  readonly page: string;
  /** The heading that it stands under. */
  readonly heading: string;
  readonly script: string;
}

const SKIPPED = ["node_modules", "coverage"];
const RUNNABLE = /^<!-- run -->\s*^```sh\n([\s\S]*?)^```$/gm;

/** Every page that a reader of the repository meets. */
export function pages(folder = ROOT): Page[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory() && !entry.name.startsWith(".") && !SKIPPED.includes(entry.name))
      return pages(path);
    if (!entry.isFile() || !entry.name.endsWith(".md")) return [];
    return [{ path: relative(ROOT, path), text: readFileSync(path, "utf8") }];
  });
}

/** The blocks of a page that a test runs. */
export function runnableBlocks({ path, text }: Page): RunnableBlock[] {
  return [...text.matchAll(RUNNABLE)].map((match) => ({
    page: path,
    heading: headings(text.slice(0, match.index)).at(-1) ?? "",
    script: match[1] ?? "",
  }));
}

/** Everything that a page shows as code: fenced blocks and spans, lines that end in a backslash joined. */
export function codeOf(text: string): string[] {
  const fenced = [...text.matchAll(/^```\w*\n([\s\S]*?)^```$/gm)].map(([, code = ""]) => code);
  const spans = [...withoutFences(text).matchAll(/`([^`\n]+)`/g)].map(([, code = ""]) => code);
  return [...fenced, ...spans].flatMap((code) => code.replaceAll("\\\n", " ").split("\n"));
}

/** Links to the repository's own files, as written. */
export function relativeLinks(text: string): string[] {
  return [...withoutFences(text).matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, target = ""]) => target)
    .filter((target) => !/^[a-z]+:/.test(target));
}

/** The names by which GitHub lets a link reach a page's headings. */
export function anchors(text: string): string[] {
  return headings(text).map((heading) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, "")
      .replaceAll(" ", "-"),
  );
}

function headings(text: string): string[] {
  return [...withoutFences(text).matchAll(/^#+ (.*)$/gm)].map(([, title = ""]) => title);
}

function withoutFences(text: string): string {
  return text.replace(/^```\w*\n[\s\S]*?^```$/gm, "");
}
