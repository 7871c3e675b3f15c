import { readFileSync } from "node:fs";

/** What signs each kind of token: a leaked one of one kind makes none of another. */
export const SIGNING_KEYS = [
  "ACCESS_TOKEN_SECRET",
  "LOGIN_TOKEN_SECRET",
  "REFRESH_TOKEN_SECRET",
  "FILE_TOKEN_SECRET",
] as const;

export interface Settings {
  readonly port: number;
  readonly databaseUrl: string;
  readonly redisUrl: string;
  /** Where visitors reach the server, without a slash at the end. */
  readonly serverUrl: string;
  /** The one origin whose pages may ask. */
  readonly frontUrl: string;
  readonly storage: string;
  readonly keys: Readonly<Record<(typeof SIGNING_KEYS)[number] | "APP_SECRET", string>>;
  /** Seeded, or given this password, at start. */
  readonly admin?: { readonly email: string; readonly password: string };
}

/**
 * From the environment; KEY_FILE names a file with KEY's value.
 *
 * @throws Error with every fault, and no value of a secret.
 */
export function readSettings(environment: NodeJS.ProcessEnv): Settings {
  const faults: string[] = [];
  const optional = (key: string, fallback = ""): string => {
    const file = environment[`${key}_FILE`];
    if (file === undefined || file === "") return environment[key] || fallback;
    return readFileSync(file, "utf8").replace(/\n$/, "");
  };
  const needed = (key: string): string => {
    const value = optional(key);
    if (value === "") faults.push(`${key}: must be set`);
    return value;
  };
  const names = [...SIGNING_KEYS, "APP_SECRET"] as const;
  const keys = Object.fromEntries(names.map((name) => [name, needed(name)])) as Settings["keys"];
  const given = Object.values(keys).filter((value) => value !== "");
  if (new Set(given).size < given.length) faults.push(`${names.join(", ")}: must differ from each other`);
  const email = optional("ADMIN_EMAIL").toLowerCase();
  const settings: Settings = {
    port: Number(optional("PORT", "3000")),
    databaseUrl: needed("PG_DATABASE_URL"),
    redisUrl: needed("REDIS_URL"),
    serverUrl: needed("SERVER_URL").replace(/\/$/, ""),
    frontUrl: needed("FRONT_BASE_URL").replace(/\/$/, ""),
    storage: optional("STORAGE_LOCAL_PATH", "/app/.local-storage"),
    keys,
    ...(email !== "" && { admin: { email, password: needed("ADMIN_PASSWORD") } }),
  };
  if (faults.length > 0) throw new Error(faults.join("; "));
  return settings;
}
