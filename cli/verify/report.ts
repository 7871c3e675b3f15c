import type { CheckResult } from "./run-checks";

/** What the two pages of results are made from. */
export interface Report {
  readonly system: string;
  readonly stack: string;
  /** When the checks began. */
  readonly at: Date;
  /** Of the whole run. */
  readonly seconds: number;
  readonly results: readonly CheckResult[];
}

/** Text as it may stand in XML and HTML, between tags and in quotes. */
export function escapeMarkup(text: string): string {
  return (
    text
      // eslint-disable-next-line no-control-regex -- XML 1.0 has no way to write these
      .replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]|[\ud800-\udfff]/gu, "\ufffd")
      .replaceAll("&", "&amp;")
      .replaceAll("<", "&lt;")
      .replaceAll(">", "&gt;")
      .replaceAll('"', "&quot;")
  );
}

export function failuresOf(results: readonly CheckResult[]): readonly CheckResult[] {
  return results.filter(({ verdict }) => !verdict.ok);
}
