import { sameValue, type Change, type Properties } from "../lib";

/**
 * Leaves out changes that come to what is there already: a default written out, or an explicit
 * default taken away. A write-only key never counts: it is not kept, so nobody can compare it.
 */
export function effectiveChanges(
  changes: readonly Change[],
  defaults: object,
  state: object,
  news: object,
): Change[] {
  const [now, then]: Properties[] = [{ ...defaults, ...news }, { ...state }];
  return changes.filter(({ path }) => {
    const name = path.split(/[.[]/)[0] ?? path;
    return !name.endsWith("PemWo") && !sameValue(now?.[name], then?.[name]);
  });
}
