import { DEFAULTS_KEY } from "../lib/schema";

/**
 * Whether the program itself gave the name: two things of one name cannot stand side by side, so the
 * bridge answers `deleteBeforeReplace` then.
 */
export function explicitName(news: object): boolean {
  const { name, [DEFAULTS_KEY]: made } = news as { name?: string; [DEFAULTS_KEY]?: unknown };
  return name !== undefined && !(Array.isArray(made) && made.includes("name"));
}

interface Label {
  readonly label: string;
  readonly value: string;
}

export function labelsOf(labels: readonly Label[] | undefined): Record<string, string> {
  return Object.fromEntries((labels ?? []).map(({ label, value }) => [label, value]));
}

export function labelsRead(labels: Readonly<Record<string, string>> | null | undefined): Label[] {
  return Object.entries(labels ?? {}).map(([label, value]) => ({ label, value }));
}
