import type { FastifyPluginAsync } from "fastify";
import type { CloudflareDeps } from "./deps";

/**
 * Faults on demand, to be registered under `/_control`: `POST /cloudflare/faults` makes the next matching requests
 * fail, `DELETE` forgets them, `GET` shows those still to come.
 */
export function cloudflareControl({ faults }: CloudflareDeps): FastifyPluginAsync {
  return async (app) => {
    app.get("/cloudflare/faults", async () => ({ faults: faults.list() }));

    app.post("/cloudflare/faults", async (request, reply) => {
      const wrong = faults.add(request.body);
      if (wrong.length > 0) return reply.status(400).send({ errors: wrong });
      return reply.status(201).send({ faults: faults.list() });
    });

    app.delete("/cloudflare/faults", async (_request, reply) => {
      faults.clear();
      return reply.status(204).send();
    });
  };
}
