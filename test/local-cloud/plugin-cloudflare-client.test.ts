import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, it, vi } from "vitest";
import { Client, retryDelay } from "../../local-cloud/plugins/cloudflare/client";

describe("the client", () => {
  let server: Server;
  let seen: string[];

  async function serve(answer: RequestListener): Promise<Client> {
    seen = [];
    server = createServer((request, response) => {
      seen.push(`${request.method} ${request.url}`);
      answer(request, response);
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    return new Client({ baseUrl: `http://127.0.0.1:${port}/client/v4/`, apiToken: "t".repeat(40) });
  }

  afterEach(() => void server.close());

  it.each([408, 409, 429, 500, 502, 503])("tries again after %i", async (status) => {
    const client = await serve((_request, response) => {
      response
        .writeHead(seen.length < 3 ? status : 200, { "retry-after-ms": "1" })
        .end('{"result":{"id":"x"}}');
    });
    expect(await client.result({ method: "GET", path: "zones" })).toEqual({ id: "x" });
    expect(seen).toEqual(Array.from({ length: 3 }, () => "GET /client/v4/zones"));
  });

  it("tries again after a lost reply, eleven times in all", async () => {
    const client = await serve((_request, response) =>
      response.writeHead(503, { "retry-after-ms": "1" }).end("{}"),
    );
    await expect(client.result({ method: "GET", path: "zones" })).rejects.toThrow(/503/);
    expect(seen).toHaveLength(11);
  });

  it.each([400, 403, 404, 422])(
    "gives up at once on %i, on one line and without the token",
    async (status) => {
      const client = await serve((request, response) =>
        response.writeHead(status).end(`{"errors":\n[{"message":"${request.headers.authorization}"}]}`),
      );
      const failed = client.result({ method: "POST", path: "zones", body: {} });
      await expect(failed).rejects.toThrow(
        /^failed to make http request: POST "http.*\/client\/v4\/zones": \d+ [\w ]+ \{.*\[secret\].*\}$/,
      );
      expect(seen).toHaveLength(1);
    },
  );

  it("does what x-should-retry says", async () => {
    const client = await serve((_request, response) =>
      response.writeHead(500, { "x-should-retry": "false" }).end("{}"),
    );
    await expect(client.result({ method: "GET", path: "zones" })).rejects.toThrow(/500/);
    expect(seen).toHaveLength(1);
  });

  it("ends when it is cancelled, also while it waits", async () => {
    const client = await serve((_request, response) => response.writeHead(500).end("{}"));
    const abort = new AbortController();
    const failed = client.result({ method: "GET", path: "zones", signal: abort.signal });
    await vi.waitFor(() => expect(seen).toHaveLength(1));
    abort.abort();
    await expect(failed).rejects.toThrow(/abort/i);
  });

  it("waits as long as the server says, or two seconds and twice as long each time", () => {
    expect(retryDelay(new Headers({ "retry-after": "3" }), 0, 0)).toBe(3000);
    expect(retryDelay(new Headers({ "retry-after-ms": "40", "retry-after": "3" }), 0, 0)).toBe(40);
    expect(retryDelay(new Headers({ "retry-after": "120" }), 0, 0)).toBe(2000);
    expect([0, 1, 2, 3, 4, 5].map((tries) => retryDelay(undefined, tries, 0))).toEqual([
      2000, 4000, 8000, 16_000, 30_000, 30_000,
    ]);
    expect(retryDelay(undefined, 0, 1)).toBe(1500);
  });
});
