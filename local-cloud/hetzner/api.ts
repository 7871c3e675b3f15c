import { randomBytes } from "node:crypto";
import type {
  FastifyBaseLogger,
  FastifyInstance,
  FastifyPluginAsync,
  FastifyReply,
  FastifyRequest,
} from "fastify";
import type { Hosts } from "../hosts/hosts";
import type { CloudSettings } from "../settings";
import { allActionRoutes } from "./action-routes";
import { Actions } from "./actions";
import { catalogRoutes } from "./catalog-routes";
import type { Answer, Call, Context, Query, Routes } from "./context";
import { ApiError } from "./errors";
import { actionFault, faultControl, Faults, faultyAnswer, type Fault } from "./faults";
import { FirewallSync } from "./firewall-sync";
import { firewallRoutes } from "./firewalls";
import { imageRoutes } from "./images";
import { networkRoutes } from "./networks";
import { placementGroupRoutes } from "./placement-groups";
import { primaryIpRoutes } from "./primary-ips";
import { RateLimit } from "./rate-limit";
import { hostSpec, imageTag } from "./server-create";
import { serverRoutes } from "./servers";
import { sshKeyRoutes } from "./ssh-keys";
import type { Store } from "./store";
import { volumeRoutes } from "./volumes";

export interface HetznerDeps {
  readonly settings: CloudSettings;
  readonly store: Store;
  readonly hosts: Hosts;
  /** Tokens that the API takes. */
  readonly tokens: { readonly readWrite: readonly string[]; readonly readOnly?: readonly string[] };
  readonly log: Pick<FastifyBaseLogger, "info" | "error">;
  readonly now?: () => Date;
  readonly onReverse?: (address: string, name: string | null) => void;
  /** How long an action runs at least, default 50 ms. */
  readonly actionMs?: number;
}

export interface Hetzner {
  /** The API; register it with the prefix `/v1`. */
  readonly api: FastifyPluginAsync;
  /** Deliberate faults; register it with the prefix `/_control/hetzner`. */
  readonly control: FastifyPluginAsync;
  /** Brings hosts and filters to the kept state, then follows the hosts' power. Call it once, before listening. */
  start(): Promise<void>;
  /** Ends the watch and waits for running actions. */
  stop(): Promise<void>;
}

declare module "fastify" {
  interface FastifyRequest {
    fault: Fault | undefined;
  }
}

/** The stand-in of the Hetzner Cloud API over one account. */
export function hetzner(deps: HetznerDeps): Hetzner {
  const { store, hosts, log } = deps;
  const now = deps.now ?? ((): Date => new Date());
  const actions = new Actions(store, now, deps.actionMs ?? 50, (command, error) =>
    log.error({ command, error: String(error) }, "action failed"),
  );
  const faults = new Faults();
  const firewalls = new FirewallSync(store.state, hosts);
  const onReverse = deps.onReverse ?? ((): void => undefined);
  const context: Context = {
    settings: deps.settings,
    state: store.state,
    hosts,
    actions,
    firewalls,
    now,
    onReverse,
  };
  let unwatch = (): void => undefined;
  return {
    api: apiPlugin(deps, context, faults, new RateLimit(now)),
    control: faultControl(faults),
    async start() {
      await firewalls.apply();
      // a rebuild that was cut off: the old disk must not come back
      const halfway = store.state.servers.filter((server) => server.status === "rebuilding");
      await Promise.all(halfway.map((server) => hosts.remove(server.id)));
      const wanted = store.state.servers.map((server) => {
        const running = !["off", "stopping"].includes(server.status);
        server.status = running ? "running" : "off";
        return { spec: hostSpec(context, server), running };
      });
      const snapshots = store.state.images.map((image) => imageTag(context, image.id));
      await hosts.reconcile(wanted, snapshots);
      actions.finishAll();
      unwatch = hosts.watch((id, power) => {
        const server = store.state.servers.find((one) => one.id === id);
        if (!server || server.status === power) return;
        server.status = power;
        store.save();
      });
    },
    async stop() {
      unwatch();
      await actions.idle();
    },
  };
}

function allRoutes(context: Context): Routes {
  return {
    ...catalogRoutes,
    ...allActionRoutes(context),
    ...sshKeyRoutes(context),
    ...primaryIpRoutes(context),
    ...firewallRoutes(context),
    ...serverRoutes(context),
    ...imageRoutes(context),
    ...networkRoutes(context),
    ...volumeRoutes(context),
    ...placementGroupRoutes(context),
  };
}

function apiPlugin(deps: HetznerDeps, context: Context, faults: Faults, rate: RateLimit): FastifyPluginAsync {
  return async (app) => {
    // any content type: the real API doesn't ask for one
    app.removeAllContentTypeParsers();
    app.addContentTypeParser("*", { parseAs: "string" }, (_request, text, done) =>
      parseJson(String(text), done),
    );
    const routes = allRoutes(context);
    app.decorateRequest("fault", undefined);
    app.addHook("onRequest", async (request, reply) => {
      void reply.header("X-Correlation-Id", randomBytes(8).toString("hex"));
      const left = rate.take();
      void reply.headers(rate.headers());
      if (request.is404) return;
      authenticate(deps.tokens, request);
      if (!left) throw new ApiError(429, "rate_limit_exceeded", "rate limit exceeded");
      await meetFault(faults, request);
    });
    app.addHook("onSend", async (request) => {
      if (request.fault?.kind === "lose-reply") request.raw.socket.destroy();
    });
    for (const [route, handler] of Object.entries(routes)) addRoute(app, deps.store, context, route, handler);
    app.setNotFoundHandler((request, reply) => send(reply, unknownRoute(routes, request, app.prefix)));
    app.setErrorHandler((error, _request, reply) => {
      if (error instanceof ApiError) return send(reply, error);
      deps.log.error({ error: String(error) }, "request failed");
      return send(reply, new ApiError(500, "server_error", "internal server error"));
    });
  };
}

function parseJson(text: string, done: (error: Error | null, body?: unknown) => void): void {
  if (text === "") return done(null, undefined);
  try {
    done(null, JSON.parse(text) as unknown);
  } catch {
    done(new ApiError(400, "json_error", "invalid json"));
  }
}

function authenticate(tokens: HetznerDeps["tokens"], request: FastifyRequest): void {
  const [, token] = /^Bearer (.+)$/.exec(request.headers.authorization ?? "") ?? [];
  if (token === undefined) throw new ApiError(401, "unauthorized", "token is required");
  if (tokens.readWrite.includes(token)) return;
  if (!tokens.readOnly?.includes(token)) {
    throw new ApiError(401, "unauthorized", "the token you have provided is invalid");
  }
  if (request.method !== "GET")
    throw new ApiError(401, "token_readonly", "token is only allowed to perform GET requests");
}

async function meetFault(faults: Faults, request: FastifyRequest): Promise<void> {
  request.fault = faults.take(request.method, request.url.replace(/^\/v1/, ""));
  if (!request.fault) return;
  if (request.fault.kind === "hang") await new Promise((resolve) => setTimeout(resolve, request.fault?.ms));
  const answer = faultyAnswer(request.fault);
  if (answer) throw answer;
}

function addRoute(
  app: FastifyInstance,
  store: Store,
  context: Context,
  route: string,
  handler: (call: Call) => Answer,
): void {
  const [method = "", url = ""] = route.split(" ");
  app.route({
    ...{ method, url, exposeHeadRoute: false },
    handler: async (request, reply) => {
      const { params, query, body } = request as {
        params: Record<string, string>;
        query: Query;
        body: unknown;
      };
      const path = `${request.protocol}://${request.host}${request.url.split("?")[0] ?? ""}`;
      const call: Call = { params, query, body, url: path };
      const answer = underFault(context, request.fault, () => handler(call));
      if (method !== "GET") store.save();
      return reply
        .code(answer.status)
        .headers(answer.headers ?? {})
        .send(answer.body);
    },
  });
}

/** The fault is met by the actions that this one handler starts: handlers are synchronous. */
function underFault(context: Context, fault: Fault | undefined, handle: () => Answer): Answer {
  context.actions.fault = actionFault(fault);
  try {
    return handle();
  } finally {
    context.actions.fault = undefined;
  }
}

function unknownRoute(routes: Routes, request: FastifyRequest, prefix: string): ApiError {
  const path = (request.url.split("?")[0] ?? "").slice(prefix.length);
  const known = Object.keys(routes).some((route) => {
    const pattern = (route.split(" ")[1] ?? "").replace(/:\w+/g, "[^/]+");
    return new RegExp(`^${pattern}$`).test(path);
  });
  return known
    ? new ApiError(405, "method_not_allowed", "the request method is not allowed")
    : new ApiError(404, "not_found", "api route not found");
}

function send(reply: FastifyReply, error: ApiError): FastifyReply {
  void reply.code(error.status).headers(error.headers);
  // a fault without a code stands for a proxy in front of the API
  if (error.code === "") return reply.type("text/html").send(`<html><body>${error.message}</body></html>`);
  return reply.send(error.body());
}
