import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { createYoga, maskError } from "graphql-yoga";
import { createClient, type RedisClientType } from "redis";
import { Accounts } from "./accounts.js";
import { migrate, openDatabase } from "./database.js";
import { sendFile } from "./files.js";
import { sendHealth, sendJson } from "./health.js";
import { kind, log } from "./log.js";
import { type Context, schema } from "./schema.js";
import { readSettings } from "./settings.js";

/** Neighbours start at the same time: a minute's patience with each. */
async function patiently(what: string, work: () => Promise<void>): Promise<void> {
  for (let tries = 60; ; tries -= 1) {
    try {
      return await work();
    } catch (error) {
      log(`${what} not yet`, { error: kind(error) });
      if (tries <= 1) throw error;
      await sleep(1_000);
    }
  }
}

async function main(): Promise<void> {
  const settings = readSettings(process.env);
  const pool = openDatabase(settings.databaseUrl);
  const redis = createClient({ url: settings.redisUrl, disableOfflineQueue: true }) as RedisClientType;
  redis.on("error", (error) => log("redis connection lost", { error: kind(error) }));
  const accounts = new Accounts(pool, redis, settings.keys);
  await patiently("database", () => migrate(pool));
  if (settings.admin) await accounts.seed(settings.admin);
  await redis.connect();

  const yoga = createYoga<object, Context>({
    schema: schema({ settings, pool, accounts }),
    graphqlEndpoint: "/graphql",
    landingPage: false,
    graphiql: false,
    logging: false,
    maskedErrors: {
      maskError: (error, message) => {
        const { originalError } = error as { originalError?: unknown };
        if (originalError !== undefined) log("resolver failed", { error: kind(originalError) });
        return maskError(error, message, false);
      },
    },
    cors: { origin: settings.frontUrl, methods: ["POST"], credentials: false },
    context: ({ request }) => {
      const bearer = /^Bearer (.+)$/.exec(request.headers.get("authorization") ?? "")?.[1];
      return bearer === undefined ? {} : { bearer };
    },
  });

  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    // SERVER_URL ends with /api: a proxy may take that off, or not
    request.url = (request.url ?? "/").replace(/^\/api(?=\/|$)/, "") || "/";
    const url = new URL(request.url, "http://server");
    const started = performance.now();
    const area = url.pathname.split("/")[1] ?? "";
    response.on("finish", () => {
      if (area === "health" || area === "healthz") return;
      const milliseconds = Math.round(performance.now() - started);
      log("request", { method: request.method, area, status: response.statusCode, milliseconds });
    });
    if (url.pathname === "/healthz") return sendJson(response, 200, { status: "ok" });
    if (url.pathname === "/health") return sendHealth(pool, redis, response);
    if (area === "files") return sendFile({ accounts, storage: settings.storage }, url, request, response);
    if (url.pathname === "/graphql") return void (await yoga(request, response));
    sendJson(response, 404, { error: "not found" });
  };
  const server = createServer((request, response) => {
    answer(request, response).catch((error: unknown) => {
      log("request failed", { error: kind(error) });
      if (!response.headersSent) sendJson(response, 500, { error: "internal error" });
      else response.destroy();
    });
  });
  server.listen(settings.port, "0.0.0.0", () => log("listening", { port: settings.port }));

  const stop = async (): Promise<void> => {
    server.close();
    server.closeIdleConnections();
    await Promise.all([pool.end(), redis.close()]);
  };
  for (const signal of ["SIGTERM", "SIGINT"]) process.once(signal, () => void stop());
}

main().catch((error: unknown) => {
  // a settings' error says which keys; any other's message may hold more than it should
  const told = error instanceof Error && /: must /.test(error.message) ? error.message : kind(error);
  process.stderr.write(`${told}\n`);
  process.exit(1);
});
