import { expect } from "vitest";
import { DOMAIN, hetzner, must, onServer, visitor } from "./cloud";

export const DATABASE = "running_calendar_production";
const PSQL = `sudo docker exec -i running_calendar-db psql -XqAt -v ON_ERROR_STOP=1 -U postgres -d ${DATABASE}`;

/** A statement in the sample system's database. */
export async function sql(statement: string): Promise<string> {
  const { code, stdout, output } = await onServer(PSQL, `${statement};\n`);
  expect(code, output).toBe(0);
  return stdout.trim();
}

/** Every table with its rows and a hash of them, as the backup's manifest has it. */
export async function contents(): Promise<string> {
  const { stdout, code, output } = await onServer(`sudo cat /etc/homeport/backup/manifest.sql | ${PSQL}`);
  expect(code, output).toBe(0);
  return stdout;
}

/** Rows that no other test has made. */
export async function addRuns(count: number): Promise<void> {
  const values = "'Recovery ' || gen_random_uuid(), current_date + g, 5, now(), now()";
  const columns = "name, held_on, distance_km, created_at, updated_at";
  await sql(`INSERT INTO runs (${columns}) SELECT ${values} FROM generate_series(1, ${count}) g`);
}

/** A backup now, off the server. */
export async function backup(): Promise<void> {
  await must("npx", "homeport", "backup", "now");
}

/** A form that was opened now, with the session's cookie, in the visitor's files. */
export async function openForm(): Promise<void> {
  const page = await visitor("sh", "-c", `curl -sSf -c /tmp/session -o /tmp/form https://${DOMAIN}/`);
  expect(page.code, page.output).toBe(0);
}

/** Sends that form: the session is believed only with the key that signed it. */
export async function sendForm(name: string): Promise<string> {
  const token = `sed -n 's/.*name="authenticity_token" value="\\([^"]*\\)".*/\\1/p' /tmp/form | head -n 1`;
  const fields = `--data-urlencode "run[name]=${name}" -d "run[held_on]=2031-01-01" -d "run[distance_km]=5"`;
  const script = `curl -sS -L -b /tmp/session -c /tmp/session --data-urlencode "authenticity_token=$(${token})" ${fields} https://${DOMAIN}/runs`;
  return (await visitor("sh", "-c", script)).stdout;
}

/** Of the only server. */
export async function serverId(): Promise<number | undefined> {
  return (await hetzner<{ servers: { id: number }[] }>("/servers")).servers[0]?.id;
}

/** The only server, off and dead to everybody. */
export async function powerOff(): Promise<void> {
  await hetzner(`/servers/${await serverId()}/actions/poweroff`, { method: "POST" });
}
