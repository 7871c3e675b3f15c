import pg from "pg";
import { kind, log } from "./log.js";

/** In order; what has been released is never changed, only followed. */
const MIGRATIONS: readonly string[] = [
  `CREATE TABLE users (
     id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
     email text NOT NULL UNIQUE,
     digest text NOT NULL,
     created_at timestamptz NOT NULL DEFAULT now()
   );
   CREATE TABLE companies (
     id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
     name text NOT NULL,
     created_at timestamptz NOT NULL DEFAULT now()
   );
   CREATE TABLE people (
     id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
     name text NOT NULL,
     email text NOT NULL,
     company_id uuid REFERENCES companies,
     created_at timestamptz NOT NULL DEFAULT now()
   )`,
  `CREATE TABLE attachments (
     id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
     person_id uuid NOT NULL REFERENCES people,
     name text NOT NULL,
     size integer NOT NULL,
     created_at timestamptz NOT NULL DEFAULT now()
   )`,
];
const LOCK = 20_260_103; // any number that nobody else locks

/** A pool; connections that die with the database are replaced. */
export function openDatabase(url: string): pg.Pool {
  const pool = new pg.Pool({ connectionString: url, max: 10, connectionTimeoutMillis: 5_000 });
  pool.on("error", (error) => log("database connection lost", { error: kind(error) }));
  return pool;
}

/** Brings the database up to date: one server does, others that start at the same time wait for it. */
export async function migrate(pool: pg.Pool): Promise<void> {
  const client = await pool.connect();
  try {
    await client.query("BEGIN");
    await client.query("SELECT pg_advisory_xact_lock($1)", [LOCK]);
    await client.query("CREATE TABLE IF NOT EXISTS migrations (number integer PRIMARY KEY)");
    const { rows } = await client.query<{ newest: number }>(
      "SELECT coalesce(max(number), 0) AS newest FROM migrations",
    );
    for (const [index, statements] of MIGRATIONS.entries()) {
      if (index < (rows[0]?.newest ?? 0)) continue;
      await client.query(statements);
      await client.query("INSERT INTO migrations VALUES ($1)", [index + 1]);
      log("migrated", { to: index + 1 });
    }
    await client.query("COMMIT");
  } catch (error) {
    await client.query("ROLLBACK").catch(() => undefined);
    throw error;
  } finally {
    client.release();
  }
}
