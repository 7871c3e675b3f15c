import { escapeMarkup as esc, failuresOf, type Report } from "./report";
import type { CheckResult } from "./run-checks";

/** No request leaves the page: everything is in it, and it may load nothing. */
const POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";

const STYLE = `
:root { color-scheme: light dark; --page: #f6f7f9; --card: #fff; --text: #16191d; --soft: #57606a;
  --line: #d8dee4; --good: #116329; --bad: #b3261e; --bad-card: #fff1f0; }
@media (prefers-color-scheme: dark) {
  :root { --page: #0d1117; --card: #161b22; --text: #e6edf3; --soft: #9aa4af; --line: #30363d;
    --good: #56d364; --bad: #ff8a80; --bad-card: #2a1516; }
}
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 46rem; padding: 1rem; background: var(--page); color: var(--text);
  font: 1rem/1.45 system-ui, sans-serif; overflow-wrap: anywhere; }
h1 { font-size: 1.3rem; margin: 0 0 .25rem; }
header p { margin: 0 0 .25rem; color: var(--soft); }
header .sum { font-size: 1.15rem; font-weight: 600; color: var(--good); }
header.failed .sum { color: var(--bad); }
ol { list-style: none; margin: 1rem 0; padding: 0; display: grid; gap: .6rem; }
li { background: var(--card); border: 1px solid var(--line); border-left: .3rem solid var(--good);
  border-radius: .4rem; padding: .65rem .8rem; }
li.failed { background: var(--bad-card); border-left-color: var(--bad); }
h2 { font-size: 1rem; margin: 0; }
li p { margin: .3rem 0 0; }
.meta { display: flex; justify-content: space-between; gap: 1rem; margin: 0 0 .15rem; font-size: .85rem;
  color: var(--soft); }
.meta b { color: var(--good); }
.failed .meta b { color: var(--bad); }
code { font: .85rem/1.5 ui-monospace, monospace; }
`;

/** One page without a script or another file, for a telephone's screen too: what failed comes first. */
export function renderHtml(report: Report): string {
  const { system, stack, at, seconds, results } = report;
  const failures = failuresOf(results);
  const sum = `${results.length - failures.length} of ${results.length} checks passed`;
  const sorted = [...failures, ...results.filter(({ verdict }) => verdict.ok)];
  const title = `${system}, ${stack}: ${sum}`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta http-equiv="Content-Security-Policy" content="${POLICY}">
<title>${esc(title)}</title>
<style>${STYLE}</style>
</head>
<body>
<header${failures.length > 0 ? ' class="failed"' : ""}>
<h1>${esc(system)} · ${esc(stack)}</h1>
<p class="sum">${failures.length > 0 ? "✖" : "✔"} ${sum}</p>
<p><time datetime="${at.toISOString()}">${at.toISOString().slice(0, 16).replace("T", " ")} UTC</time>, in ${seconds.toFixed(1)} s</p>
</header>
<main>
<ol>
${sorted.map(item).join("\n")}
</ol>
</main>
</body>
</html>
`;
}

function item({ id, title, seconds, verdict }: CheckResult): string {
  const sign = verdict.ok ? "✔ passed" : "✖ failed";
  const meta = `<p class="meta"><b>${sign}</b><span>${esc(id)} · ${seconds.toFixed(1)} s</span></p>`;
  const body = verdict.ok
    ? `<p class="evidence"><code>${esc(verdict.evidence)}</code></p>`
    : `<p class="found">${esc(verdict.found)}</p>\n<p class="fix">Fix: <code>${esc(verdict.fix)}</code></p>`;
  return `<li class="${verdict.ok ? "passed" : "failed"}" data-id="${esc(id)}">\n${meta}\n<h2>${esc(title)}</h2>\n${body}\n</li>`;
}
