/** Go's units of time in nanoseconds: the daemon's API counts healthcheck times so. */
const UNITS: Readonly<Record<string, number>> = {
  ns: 1,
  us: 1e3,
  µs: 1e3,
  ms: 1e6,
  s: 1e9,
  m: 60e9,
  h: 3600e9,
};

/** Nanoseconds of a duration as Go writes it (`1m30s`, `500ms`); undefined where Go refuses the text. */
export function parseDuration(text: string): number | undefined {
  const [, sign, rest] = /^([+-]?)(.*)$/s.exec(text) ?? [];
  if (rest === "0") return 0;
  if (!rest || !/^(?:(?:\d+\.?\d*|\.\d+)(?:ns|us|µs|ms|s|m|h))+$/.test(rest)) return undefined;
  const parts = [...rest.matchAll(/(\d+\.?\d*|\.\d+)(ns|us|µs|ms|s|m|h)/g)];
  const total = parts.reduce((sum, [, value, unit]) => sum + Number(value) * (UNITS[unit ?? ""] ?? 0), 0);
  return Math.round(sign === "-" ? -total : total);
}

/** A duration as Go prints it, so `60s` reads back as `1m0s`: the published plugin's outputs say so too. */
export function formatDuration(nanoseconds: number): string {
  if (nanoseconds === 0) return "0s";
  if (nanoseconds < 1e3) return `${nanoseconds}ns`;
  if (nanoseconds < 1e6) return `${nanoseconds / 1e3}µs`;
  if (nanoseconds < 1e9) return `${nanoseconds / 1e6}ms`;
  const hours = Math.floor(nanoseconds / 3600e9);
  const minutes = Math.floor((nanoseconds % 3600e9) / 60e9);
  const seconds = (nanoseconds % 60e9) / 1e9;
  if (hours > 0) return `${hours}h${minutes}m${seconds}s`;
  return minutes > 0 ? `${minutes}m${seconds}s` : `${seconds}s`;
}

/** Billionths of a CPU of `0.5` or `2`. @throws where the daemon's command line refuses the text */
export function parseCpus(text: string): number {
  const nano = Number(text) * 1e9;
  if (!/^\d*\.?\d+$|^\d+\.$/.test(text) || Number.isNaN(nano))
    throw new Error(`failed to parse ${text} as a rational number`);
  if (!Number.isInteger(Math.round(nano * 1e3) / 1e3)) throw new Error("value is too precise");
  return Math.round(nano);
}

export const MEBIBYTE = 1024 * 1024;
