import type { Context } from "../../local-cloud/plugins/lib";

export interface RecordedContext extends Context {
  /** Lines as `severity message`. */
  readonly lines: string[];
}

/** A context for calling resource types directly; remembers what they log. */
export function recordedContext(signal: AbortSignal = new AbortController().signal): RecordedContext {
  const lines: string[] = [];
  return {
    urn: "urn:pulumi:test::test::test:index:Test::thing",
    name: "thing",
    signal,
    lines,
    log: (severity, message) => void lines.push(`${severity} ${message}`),
  };
}
