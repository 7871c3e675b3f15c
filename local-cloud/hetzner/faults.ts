import { z } from "zod";
import type { FastifyPluginAsync } from "fastify";
import type { ActionFault } from "./actions";
import { ApiError } from "./errors";

/**
 * A deliberate fault, one JSON object:
 * - `method`, `path` (regular expression on the path below /v1): the requests it meets; default all
 * - `times`: how many of them, default 1
 * - `kind`:
 *   `status`: answers `status`, `code`, `message`, `headers` instead of carrying the request out; without `code`
 *     the body is no JSON, as a proxy's 502 in front of the API is;
 *   `hang`: waits `ms`, then carries the request out;
 *   `lose-reply`: carries the request out, then cuts the connection;
 *   `slow-action`: the actions that the request starts take `ms`;
 *   `action-error`: they end in error with `code` and `message`, without their effect;
 *   `out-of-stock`: 412 `resource_unavailable`.
 */
const faultSchema = z.object({
  method: z.string().optional(),
  path: z.string().refine(isRegExp, "must be a regular expression").default(""),
  times: z.int().positive().default(1),
  kind: z.enum(["status", "hang", "lose-reply", "slow-action", "action-error", "out-of-stock"]),
  status: z.int().min(400).max(599).default(500),
  code: z.string().optional(),
  message: z.string().default("deliberate fault"),
  headers: z.record(z.string(), z.string()).default({}),
  ms: z.int().nonnegative().default(1000),
});
export type Fault = z.infer<typeof faultSchema>;

function isRegExp(text: string): boolean {
  try {
    return new RegExp(text) instanceof RegExp;
  } catch {
    return false;
  }
}

/** The faults that are still to happen. */
export class Faults {
  private pending: Fault[] = [];

  list(): readonly Fault[] {
    return this.pending;
  }

  add(fault: Fault): void {
    this.pending.push(fault);
  }

  clear(): void {
    this.pending = [];
  }

  /** The first fault that meets the request; it counts as happened. */
  take(method: string, path: string): Fault | undefined {
    const fault = this.pending.find(
      (one) => (one.method ?? method).toUpperCase() === method && new RegExp(one.path).test(path),
    );
    if (fault && --fault.times === 0) this.pending = this.pending.filter((one) => one !== fault);
    return fault;
  }
}

/** The answer that a fault gives instead of the API; undefined when the request is carried out. */
export function faultyAnswer(fault: Fault): ApiError | undefined {
  if (fault.kind === "out-of-stock") {
    return new ApiError(412, "resource_unavailable", "server type is currently not available for order");
  }
  if (fault.kind !== "status") return undefined;
  return new ApiError(fault.status, fault.code ?? "", fault.message, null, fault.headers);
}

export function actionFault(fault: Fault | undefined): ActionFault | undefined {
  if (fault?.kind === "slow-action") return { delayMs: fault.ms };
  if (fault?.kind !== "action-error") return undefined;
  return { error: { code: fault.code ?? "action_failed", message: fault.message } };
}

/** `/_control/hetzner/faults`: GET lists, POST adds one, DELETE forgets all. No token is asked for. */
export function faultControl(faults: Faults): FastifyPluginAsync {
  return async (app) => {
    app.get("/faults", async () => ({ faults: faults.list() }));
    app.post("/faults", async (request, reply) => {
      const result = faultSchema.safeParse(request.body);
      if (!result.success) return reply.code(422).send({ error: z.prettifyError(result.error) });
      faults.add(result.data);
      return reply.code(201).send({ fault: result.data });
    });
    app.delete("/faults", async (_request, reply) => {
      faults.clear();
      return reply.code(204).send();
    });
  };
}
