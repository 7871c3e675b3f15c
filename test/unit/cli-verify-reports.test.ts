import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { renderHtml } from "../../cli/verify/html";
import { renderJunit } from "../../cli/verify/junit";
import { escapeMarkup } from "../../cli/verify/report";
import { sampleReport } from "../support/reports";

const CHROMIUM = "/usr/bin/chromium";
/** CSS pixels: a small telephone. */
const PHONE = 360;

describe("verify --junit", () => {
  const xml = renderJunit(sampleReport());

  it("counts, and has a test case for each check with its requirement and duration", () => {
    expect(xml).toContain('tests="3" failures="1" errors="0" skipped="0" time="2.345"');
    expect(xml).toContain('timestamp="2026-11-21T03:04:05"');
    expect(xml).toContain('<testcase classname="S1-22" name="https://…/up answers 200" time="0.100">');
    expect(xml.match(/<testcase /g)).toHaveLength(3);
  });

  it("tells of a failure with what was found and what to do, and of a success with its evidence", () => {
    expect(xml.match(/<failure /g)).toHaveLength(1);
    expect(xml).toContain("fix: pulumi up --refresh &amp;&amp; homeport verify</failure>");
    expect(xml).toContain("<system-out>https://mxcorre.com/up 200</system-out>");
  });

  it("stays XML, whatever a host says", () => {
    expect(xml).not.toMatch(/<script|\p{Cc}(?<!\n)/u);
    expect(escapeMarkup("\ud800 \u0000 \ufffe 😀 \n")).toBe("\ufffd \ufffd \ufffd 😀 \n");
    // python's own parser, since node has none
    const parse =
      "import sys, xml.dom.minidom as x; print(x.parseString(sys.stdin.buffer.read()).documentElement.tagName)";
    expect(execFileSync("python3", ["-c", parse], { input: xml, encoding: "utf8" }).trim()).toBe(
      "testsuites",
    );
  });
});

describe("verify --html", () => {
  const html = renderHtml(sampleReport());

  it("is one file that asks for nothing else and runs no script", () => {
    expect(html).toContain("default-src 'none'");
    expect(html).not.toMatch(/<script|<link|<img|@import|url\(|src=|href=/);
  });

  it("shows failures first, with id, title, what was found, what to do and how long it took", () => {
    const items = [...html.matchAll(/<li class="(\w+)" data-id="([^"]+)">/g)].map(
      ([, kind, id]) => `${kind} ${id}`,
    );
    expect(items).toEqual(["failed S1-19", "passed S1-22", "passed S1-12"]);
    expect(html).toContain("2 of 3 checks passed");
    expect(html).toContain("S1-19 · 0.3 s");
    expect(html).toContain("&lt;script&gt;alert");
    expect(html).toContain("<code>pulumi up --refresh &amp;&amp; homeport verify</code>");
  });
});

describe.skipIf(!existsSync(CHROMIUM))(`the page in Chromium (skipped without ${CHROMIUM})`, () => {
  const folder = mkdtempSync(join(tmpdir(), "homeport-page-"));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it("fits a telephone's width, in light and in dark, with text that is readable on its ground", () => {
    for (const scheme of ["light", "dark"] as const) {
      const seen = look(scheme);
      expect(seen.title).toBe("running-calendar, prod: 2 of 3 checks passed");
      expect(seen.width).toBe(PHONE);
      expect(seen.scrollWidth).toBeLessThanOrEqual(PHONE);
      expect(seen.items).toBe(3);
      expect(seen.fontSize).toBeGreaterThanOrEqual(13);
      // WCAG 2.2, 1.4.3: 4.5 to 1
      for (const contrast of seen.contrasts) expect(contrast).toBeGreaterThanOrEqual(4.5);
      expect(seen.isDark).toBe(scheme === "dark");
    }
  });

  /** Loads the page as it is into a frame of a telephone's width, and measures it from outside. */
  function look(scheme: "light" | "dark"): Measures {
    const frame = `<iframe style="width:${PHONE}px;height:800px;border:0" srcdoc="${escapeMarkup(renderHtml(sampleReport()))}"></iframe>`;
    const file = join(folder, `${scheme}.html`);
    writeFileSync(
      file,
      `<!doctype html><meta charset="utf-8">${frame}<pre></pre><script>${MEASURE}</script>`,
    );
    const dom = execFileSync(
      CHROMIUM,
      [
        ...["--headless", "--no-sandbox", "--disable-gpu", "--window-size=800,900"],
        `--blink-settings=preferredColorScheme=${scheme === "dark" ? 0 : 1}`,
        ...["--virtual-time-budget=2000", `--user-data-dir=${join(folder, "profile")}`],
        ...["--dump-dom", `file://${file}`],
      ],
      { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] },
    );
    return JSON.parse(/<pre>(.*)<\/pre>/.exec(dom)?.[1] ?? "{}") as Measures;
  }
});

interface Measures {
  readonly title: string;
  readonly width: number;
  readonly scrollWidth: number;
  readonly items: number;
  /** Of the smallest text, CSS pixels. */
  readonly fontSize: number;
  readonly contrasts: readonly number[];
  readonly isDark: boolean;
}

const MEASURE = `
document.querySelector("iframe").addEventListener("load", ({ target }) => {
  const page = target.contentDocument, view = target.contentWindow;
  const rgb = (text) => text.match(/[\\d.]+/g).map(Number);
  const light = (color) => {
    const [r, g, b] = rgb(color).map((n) => n / 255).map((n) => (n <= 0.03928 ? n / 12.92 : ((n + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ground = (node) => {
    const color = view.getComputedStyle(node).backgroundColor;
    return color === "rgba(0, 0, 0, 0)" ? ground(node.parentElement) : color;
  };
  const texts = [...page.querySelectorAll("h1, h2, p, p *")];
  const contrasts = texts.map((node) => {
    const [a, b] = [light(view.getComputedStyle(node).color), light(ground(node))].sort((x, y) => y - x);
    return (a + 0.05) / (b + 0.05);
  });
  document.querySelector("pre").textContent = JSON.stringify({
    title: page.title, width: view.innerWidth, scrollWidth: page.documentElement.scrollWidth,
    items: page.querySelectorAll("li").length, contrasts,
    fontSize: Math.min(...texts.map((node) => parseFloat(view.getComputedStyle(node).fontSize))),
    isDark: light(ground(page.querySelector("h1"))) < 0.2,
  });
});`;
