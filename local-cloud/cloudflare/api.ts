import { createHash, randomBytes } from "node:crypto";
import type { Socket } from "node:net";
import type { FastifyInstance, FastifyPluginAsync, FastifyReply, FastifyRequest } from "fastify";
import { authenticate } from "./auth";
import { certificateRoutes } from "./certificates";
import type { CloudflareDeps } from "./deps";
import { dnssecRoutes } from "./dnssec";
import { renewCertificates } from "./edge-zones";
import { CloudflareError, failure, noRoute, ok } from "./envelope";
import { param, type Query } from "./query";
import { alertingRoutes } from "./alerting";
import { healthcheckRoutes } from "./healthchecks";
import { recordRoutes } from "./records";
import { planRoutes } from "./plans";
import { rulesetRoutes } from "./rulesets";
import { settingRoutes } from "./settings";
import { turnstileRoutes } from "./turnstile";
import { changed, pathOf } from "./zone-access";
import { accountRoutes, zoneRoutes } from "./zones";

const JSON_TYPE = "application/json";
const RENEWAL_INTERVAL = 24 * 60 * 60 * 1000;
// No IPv6 reaches a local cloud, but the real list is never empty: a range for documentation (RFC 3849).
const IPV6_CIDRS = ["2001:db8:cf::/48"];

/** Cloudflare's API v4, to be registered under `/client/v4`. */
export function cloudflareApi(deps: CloudflareDeps): FastifyPluginAsync {
  return async (app) => {
    answerAsCloudflare(app);
    makeFaults(app, deps);
    renewDaily(app, deps);
    ipRoute(app, deps);
    await app.register(async (inner) => {
      inner.addHook("onRequest", async ({ headers, url }) =>
        authenticate(headers, url.split("?")[0] ?? "", deps.tokens),
      );
      inner.setNotFoundHandler((request) => {
        throw noRoute(pathOf(request));
      });
      for (const routes of [
        accountRoutes,
        zoneRoutes,
        recordRoutes,
        settingRoutes,
        dnssecRoutes,
        certificateRoutes,
        rulesetRoutes,
        planRoutes,
        turnstileRoutes,
        healthcheckRoutes,
        alertingRoutes,
      ]) {
        routes(inner, deps);
      }
    });
  };
}

function answerAsCloudflare(app: FastifyInstance): void {
  app.removeAllContentTypeParsers();
  // Official clients send JSON whatever they call it, and an empty body with a DELETE.
  app.addContentTypeParser("*", { parseAs: "string" }, (_request, body, done) => {
    try {
      done(null, body === "" ? undefined : JSON.parse(String(body)));
    } catch {
      done(new CloudflareError(400, { code: 6007, message: "Malformed JSON in request body" }));
    }
  });
  app.addHook("onRequest", async (_request, reply) => {
    reply.headers({
      "cf-ray": `${randomBytes(8).toString("hex")}-FRA`,
      server: "cloudflare",
      "cf-cache-status": "DYNAMIC",
    });
  });
  app.addHook("preSerialization", async (_request, reply, payload) => {
    reply.type(JSON_TYPE);
    return payload;
  });
  app.setErrorHandler((error, request, reply) => {
    const known = error instanceof CloudflareError ? error : undefined;
    if (!known) request.log.error(error);
    const errors = known?.errors ?? [{ code: 10001, message: "Internal server error" }];
    void reply.status(known?.status ?? 500).send(failure(errors));
  });
}

function makeFaults(app: FastifyInstance, { faults }: CloudflareDeps): void {
  const lost = new WeakSet<FastifyRequest>();
  const hanging = new Set<Socket>();
  app.addHook("onRequest", async (request, reply) => {
    const fault = faults.take(request.method, pathOf(request));
    if (!fault) return undefined;
    if (fault.hang) {
      hanging.add(request.raw.socket);
      return reply.hijack();
    }
    if (fault.loseReply) lost.add(request);
    if (fault.status === undefined) return undefined;
    return sendFault(reply, fault.status, fault.headers ?? {}, fault.body);
  });
  // A server does not close before its connections do.
  app.addHook("preClose", async () => hanging.forEach((socket) => socket.destroy()));
  app.addHook("onSend", async (request, reply, payload) => {
    if (!lost.has(request)) return payload;
    reply.hijack();
    request.raw.socket.destroy();
    return payload;
  });
}

function sendFault(
  reply: FastifyReply,
  status: number,
  headers: Record<string, string>,
  body: unknown,
): FastifyReply {
  const error = failure([
    { code: 10001, message: status < 500 ? "The request failed" : "Internal server error" },
  ]);
  return reply
    .status(status)
    .headers(headers)
    .send(body ?? error);
}

function renewDaily(app: FastifyInstance, deps: CloudflareDeps): void {
  const timer = setInterval(() => {
    renewCertificates(deps.localCa, [...deps.store.state.zones, deps.store.state.challenges])
      .then((isRenewed) => isRenewed && changed(deps))
      .catch((error: unknown) => app.log.error(error));
  }, RENEWAL_INTERVAL).unref();
  app.addHook("onClose", async () => clearInterval(timer));
}

/** `/ips` is open to everyone, as the real one. */
function ipRoute(app: FastifyInstance, { settings }: CloudflareDeps): void {
  app.get<{ Querystring: Query }>("/ips", async ({ query }) => {
    const ranges = { ipv4_cidrs: [settings.edgeRange], ipv6_cidrs: IPV6_CIDRS };
    const etag = createHash("md5").update(JSON.stringify(ranges)).digest("hex");
    const isJdCloud = param(query, "networks") === "jdcloud";
    return ok({ ...ranges, ...(isJdCloud ? { jdcloud_cidrs: [] } : {}), etag });
  });
}
