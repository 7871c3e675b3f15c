import { rmSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import { ROOT, visitor } from "./cloud";
import { Project } from "./project";
import { askWhile } from "./visitors";

export const project = new Project("hms");
export const API = "/opt/hosting-api";
export const CIGARS = "cigar-management-system";
export const TOBACCO = "tobacco-management-system";
const HOSTING = "https://hosting.remoteds.us";
export const SITES = ["hosting", "cigars", "tobacco"];
const CODE = join(ROOT, "local-cloud", "apps", "hms", "hosting-api", "hms");
/** Of the application's own code, but for these tests alone: git has neither. */
export const HARMLESS = join(CODE, "e2e.txt");
/** Python takes it in place of `main.py`. */
export const BROKEN = join(CODE, "main");
export const DATABASES = [
  `${API}/shared/data/hms.sqlite3`,
  `/opt/${CIGARS}/shared/storage/production.sqlite3`,
  `/opt/${TOBACCO}/shared/storage/production.sqlite3`,
];

export async function secrets(): Promise<Record<string, string>> {
  const { stdout } = await project.must("pulumi", "stack", "output", "--json", "--show-secrets");
  return (JSON.parse(stdout) as { secretValues: Record<string, string> }).secretValues;
}

export async function release(): Promise<string> {
  return (await project.onServer(`basename "$(readlink ${API}/current)"`)).trim();
}

export async function up(): Promise<void> {
  const { code, output } = await project.pulumi("up", "--yes", "--skip-preview");
  expect(code, output).toBe(0);
}

/** One step and nothing beside it. */
export async function only(step: string): Promise<void> {
  const { code, output } = await project.pulumi("up", "--yes", "--skip-preview", "--target", `**::${step}`);
  expect(code, output).toBe(0);
}

/** Every row of every table, as SQLite itself writes them. */
export async function rows(): Promise<string> {
  return project.onServer(DATABASES.map((path) => `sqlite3 -readonly ${path} .dump`).join("; "));
}

/** What a visitor is answered there. */
export async function status(path: string, ...more: readonly string[]): Promise<string> {
  const words = ["-sS", "-m", "20", "-o", "/dev/null", "-w", "%{http_code}", ...more];
  return (await visitor("curl", ...words, `${HOSTING}${path}`)).stdout;
}

/** Issuer and serial number of the certificate that the origin shows under a host's name. */
export async function certificate(host: string): Promise<string> {
  const asked = `openssl s_client -connect 127.0.0.1:443 -servername ${host}.remoteds.us </dev/null 2>/dev/null`;
  return project.onServer(`${asked} | openssl x509 -noout -issuer -serial`);
}

/** The edge verifies the origin's certificate at every moment. */
export async function neverUnverified(work: () => Promise<void>): Promise<void> {
  const urls = SITES.map((host) => `https://${host}.remoteds.us/`).join(" -o /dev/null ");
  const { answers } = await askWhile(urls, work);
  expect(Object.keys(answers).filter((code) => code === "525" || code === "526")).toEqual([]);
}

export async function signIn(password: string): Promise<string> {
  return status("/api/v1/auth/login", "--json", JSON.stringify({ username: "admin", password }));
}

export function removePlanted(): void {
  for (const each of [HARMLESS, BROKEN]) rmSync(each, { recursive: true, force: true });
}
