const UNITS: Readonly<Record<string, number>> = { us: 1e-6, ms: 1e-3, s: 1, m: 60, h: 3600 };
const SIZES: Readonly<Record<string, number>> = { "": 1, b: 1, k: 1024, m: 1024 ** 2, g: 1024 ** 3 };

/** Seconds of a Compose duration such as `1m30s` or `500ms`; undefined for any other text. */
export function seconds(text: string): number | undefined {
  if (!/^(\d+(\.\d+)?(us|ms|s|m|h))+$/.test(text)) return undefined;
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)(us|ms|s|m|h)/g)];
  return parts.reduce((sum, [, count, unit = ""]) => sum + Number(count) * (UNITS[unit] ?? 0), 0);
}

/** Bytes of a Compose size such as `512m` or `1.5gb`; a number alone is bytes. Undefined for any other text. */
export function bytes(text: string): number | undefined {
  const [, count, unit = ""] = /^(\d+(?:\.\d+)?)\s*([bkmg]?)(?:i?b)?$/i.exec(text.trim()) ?? [];
  return count === undefined ? undefined : Number(count) * (SIZES[unit.toLowerCase()] ?? 1);
}

/** Pieces of a word: between double quotes, between single ones, after a backslash, and plain characters. */
const PIECE = /"((?:\\[^]|[^"\\])*)"|'([^']*)'|\\([^])|([^\s"'\\]+)/g;
const WORD = new RegExp(`(?:${PIECE.source})+`, "g");

/**
 * A command line as Compose splits it: quotes and backslashes as in a shell, and nothing else of a shell's. Undefined
 * when a quote does not end.
 */
export function words(line: string): string[] | undefined {
  if (line.replaceAll(WORD, "").trim() !== "") return undefined;
  return (line.match(WORD) ?? []).map((word) => word.replaceAll(PIECE, unquoted));
}

function unquoted(_: string, double?: string, single?: string, escaped?: string, plain?: string): string {
  return double?.replaceAll(/\\(["\\$`])/g, "$1") ?? single ?? escaped ?? plain ?? "";
}
