import { escapeMarkup as esc, failuresOf, type Report } from "./report";
import type { CheckResult } from "./run-checks";

/** JUnit XML, as CI systems read it: a check is a test case, its requirement the class name. */
export function renderJunit({ system, stack, at, seconds, results }: Report): string {
  const counts = `tests="${results.length}" failures="${failuresOf(results).length}" errors="0" skipped="0"`;
  const suite = `name="homeport verify ${esc(`${system} ${stack}`)}" ${counts} time="${seconds.toFixed(3)}"`;
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites ${counts} time="${seconds.toFixed(3)}">`,
    `  <testsuite ${suite} timestamp="${at.toISOString().slice(0, 19)}">`,
    ...results.map(testCase),
    "  </testsuite>",
    "</testsuites>",
    "",
  ].join("\n");
}

function testCase({ id, title, seconds, verdict }: CheckResult): string {
  const open = `    <testcase classname="${esc(id)}" name="${esc(title)}" time="${seconds.toFixed(3)}">`;
  const inside = verdict.ok
    ? `<system-out>${esc(verdict.evidence)}</system-out>`
    : `<failure type="${esc(id)}" message="${esc(verdict.found)}">${esc(`found: ${verdict.found}\nfix: ${verdict.fix}`)}</failure>`;
  return `${open}\n      ${inside}\n    </testcase>`;
}
