import type { FastifyRequest } from "fastify";
import { type z } from "zod";
import type { CloudflareDeps } from "./deps";
import { CloudflareError, fault } from "./envelope";

/** Throws where a path names an account that is not the token's. */
export function assertAccount(deps: CloudflareDeps, request: FastifyRequest): void {
  const { account } = request.params as { account: string };
  if (account !== deps.store.state.account.id) throw fault(403, 9109, "Invalid account identifier");
}

/** A request's body, when it has the form that the service wants; every fault at once otherwise. */
export function bodyAs<T extends z.ZodType>(schema: T, request: FastifyRequest, code: number): z.infer<T> {
  const parsed = schema.safeParse(withoutNulls(request.body ?? {}));
  if (parsed.success) return parsed.data;
  throw new CloudflareError(
    400,
    ...parsed.error.issues.map(({ path, message }) => ({
      code,
      message: `${path.map(String).join(".") || "body"}: ${message.toLowerCase()}`,
    })),
  );
}

/** What a client sends as null it leaves out. */
function withoutNulls(body: unknown): unknown {
  if (typeof body !== "object" || body === null || Array.isArray(body)) return body;
  return Object.fromEntries(Object.entries(body).filter(([, value]) => value !== null));
}
