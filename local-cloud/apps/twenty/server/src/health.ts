import type { ServerResponse } from "node:http";
import type pg from "pg";
import type { RedisClientType } from "redis";
import { kind } from "./log.js";

/** `{"status":"ok"}` when database and redis answer; otherwise 503 and which does not. */
export async function sendHealth(
  pool: pg.Pool,
  redis: RedisClientType,
  response: ServerResponse,
): Promise<void> {
  const [database, cache] = await Promise.all([state(pool.query("SELECT 1")), state(ping(redis))]);
  const well = database === "ok" && cache === "ok";
  sendJson(
    response,
    well ? 200 : 503,
    well ? { status: "ok" } : { status: "unavailable", database, redis: cache },
  );
}

/** A command waits for a connection that is away: here it doesn't. */
async function ping(redis: RedisClientType): Promise<unknown> {
  if (!redis.isReady) throw new Error("not connected");
  return redis.ping();
}

async function state(asked: Promise<unknown>): Promise<string> {
  return asked.then(() => "ok", kind);
}

export function sendJson(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { "Content-Type": "application/json" }).end(JSON.stringify(body));
}
