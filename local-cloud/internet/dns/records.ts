import { type InternetRecord, type InternetZone } from "../config";

/**
 * The records that answer for `name`: its own, or those of the wildcard nearest above it (RFC 4592). Empty when
 * names exist below it only; undefined when the name doesn't exist.
 */
export function recordsAt(zone: InternetZone, name: string): readonly InternetRecord[] | undefined {
  const exact = at(zone, name);
  if (exact.length > 0 || name === zone.name || hasBelow(zone, name)) return exact;
  for (let above = parent(name); above.length >= zone.name.length; above = parent(above)) {
    const wild = at(zone, `*.${above}`);
    if (wild.length > 0) return wild;
    if (at(zone, above).length > 0 || hasBelow(zone, above)) return undefined; // the closest encloser has none
  }
  return undefined;
}

function at(zone: InternetZone, name: string): InternetRecord[] {
  return zone.records.filter((record) => record.name.toLowerCase() === name);
}

function hasBelow(zone: InternetZone, name: string): boolean {
  return zone.records.some((record) => record.name.toLowerCase().endsWith(`.${name}`));
}

function parent(name: string): string {
  return name.slice(name.indexOf(".") + 1);
}
