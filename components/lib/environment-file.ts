import { sha256 } from "./hash";

/** A file of the host that says what some services are told: their variables and secrets. */
export interface EnvironmentFile {
  readonly path: string;
  /** Services that name it. */
  readonly services: readonly string[];
  /** Names of their secrets. */
  readonly secrets: readonly string[];
}

/** What of a system decides its files. */
type Parts = {
  readonly services: Readonly<
    Record<string, { readonly environmentFile?: string; readonly secrets?: readonly string[] }>
  >;
};

/** The system's files by their paths; services that name the same path share it. */
export function environmentFiles({ services }: Parts): EnvironmentFile[] {
  const paths = new Set(Object.values(services).flatMap(({ environmentFile }) => environmentFile ?? []));
  return [...paths].map((path) => {
    const users = Object.entries(services).filter(([, service]) => service.environmentFile === path);
    const secrets = new Set(users.flatMap(([, service]) => service.secrets ?? []));
    return { path, services: users.map(([name]) => name), secrets: [...secrets] };
  });
}

/** What one file says: the same values that its services' containers have. */
export function fileValues(
  file: EnvironmentFile,
  environment: Readonly<Record<string, Readonly<Record<string, string>>>>,
  secretValues: Readonly<Record<string, string>>,
): Record<string, string> {
  const plain = file.services.flatMap((service) => Object.entries(environment[service] ?? {}));
  // one that is kept under a condition only may have no value
  const secret = Object.entries(secretValues).filter(([name]) => file.secrets.includes(name));
  return Object.fromEntries([...plain, ...secret]);
}

/** How a value must be where Compose's parser and a shell could not read it alike; `undefined` where they can. */
export function unwritable(value: string): string | undefined {
  if (value.includes("\0")) return "hold no NUL";
  if (!needsDoubleQuotes(value) || !value.includes("`")) return undefined;
  return "hold no ` beside ' or a \\ at its end: Compose's parser and a shell would read it differently";
}

/**
 * `NAME='value'`, sorted by name. In single quotes both readers take everything as it stands, line breaks too; but
 * Compose reads `\'` as a quote there, so a value with a quote, or a backslash at its end, is in double ones.
 *
 * @throws Error that names the key of a value that is not {@link unwritable}'s `undefined`, and never shows it.
 */
export function renderEnvironmentFile(values: Readonly<Record<string, string>>): string {
  return Object.entries(values)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => `${name}=${quoted(name, value)}\n`)
    .join("");
}

/** What a file has to be: its mode, owner and content, as `stat` and `sha256sum` say it. */
export function environmentFilePrint(values: Readonly<Record<string, string>>): string {
  return `600 0:0 ${sha256(renderEnvironmentFile(values))}`;
}

/** What the step that writes a file is called in the program. */
export function environmentStepName(component: string, path: string): string {
  return `${component}-environment-${path.slice(1).replaceAll(/[^A-Za-z0-9]+/g, "-")}`;
}

function quoted(name: string, value: string): string {
  const rule = unwritable(value);
  if (rule !== undefined) throw new Error(`${name}: must ${rule}`);
  return needsDoubleQuotes(value) ? `"${value.replaceAll(/["\\$]/g, "\\$&")}"` : `'${value}'`;
}

function needsDoubleQuotes(value: string): boolean {
  const backslashes = /\\*$/.exec(value)?.[0].length ?? 0;
  return value.includes("'") || backslashes % 2 === 1;
}
