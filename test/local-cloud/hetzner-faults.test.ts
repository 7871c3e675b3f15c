import { describe, expect, it } from "vitest";
import { Account, fault, TOKEN } from "./hetzner/account";

const SERVER = { name: "alpha", server_type: "cx23", image: "debian-13" };

describe("deliberate faults", () => {
  it("answer with any status, code and header, as often as said", async () => {
    const account = new Account();
    const headers = { "Retry-After": "1", "RateLimit-Remaining": "0" };
    const code = "rate_limit_exceeded";
    await account.fault({
      method: "GET",
      path: "^/servers",
      times: 2,
      kind: "status",
      status: 429,
      code,
      headers,
    });
    expect((await account.get("/locations")).status).toBe(200);
    const first = await account.get("/servers");
    expect(fault(first)).toBe("429 rate_limit_exceeded");
    expect(first.headers).toMatchObject({ "retry-after": "1", "ratelimit-remaining": "0" });
    expect(fault(await account.get("/servers?page=1"))).toBe("429 rate_limit_exceeded");
    expect((await account.get("/servers")).status).toBe(200);
  });

  it("without a code are a proxy's: no JSON", async () => {
    const account = new Account();
    await account.fault({ kind: "status", status: 502 });
    const answer = await account.get("/servers");
    expect([answer.status, answer.headers["content-type"]]).toEqual([502, "text/html"]);
  });

  it("keep a request from being carried out, but for a lost reply", async () => {
    const account = new Account();
    await account.fault({ method: "POST", kind: "out-of-stock" });
    expect(fault(await account.post("/servers", SERVER))).toBe("412 resource_unavailable");
    expect((await account.get("/servers")).at("servers.length")).toBe(0);
  });

  it("lose a reply: the server is there, the client has no answer", async () => {
    const account = new Account();
    await account.fault({ method: "POST", path: "^/servers$", kind: "lose-reply" });
    const address = await account.app.listen({ host: "127.0.0.1", port: 0 });
    const headers = { authorization: `Bearer ${TOKEN}`, "content-type": "application/json" };
    const lost = fetch(`${address}/v1/servers`, { method: "POST", headers, body: JSON.stringify(SERVER) });
    await expect(lost).rejects.toThrow("fetch failed");
    await account.idle();
    expect((await account.get("/servers")).each("servers", "status")).toEqual(["running"]);
    await account.app.close();
  });

  it("hold a request back, then carry it out", async () => {
    const account = new Account();
    await account.fault({ kind: "hang", ms: 60 });
    const began = performance.now();
    expect((await account.get("/servers")).status).toBe(200);
    expect(performance.now() - began).toBeGreaterThan(50);
  });

  it("let an action end in error, without its effect", async () => {
    const account = new Account();
    await account.fault({
      path: "^/servers$",
      kind: "action-error",
      code: "server_error",
      message: "no luck",
    });
    const answer = await account.post("/servers", SERVER);
    expect(answer.at("action.status")).toBe("running");
    await account.idle();
    const action = await account.get(`/actions/${answer.id("action.id")}`);
    expect(action.at("action")).toMatchObject({
      status: "error",
      error: { code: "server_error", message: "no luck" },
    });
    expect(account.hosts.specs.size).toBe(0);
    expect((await account.get("/servers")).each("servers", "status")).toEqual(["off"]);
  });

  it("slow an action down", async () => {
    const account = new Account();
    await account.fault({ path: "^/servers$", kind: "slow-action", ms: 80 });
    const answer = await account.post("/servers", SERVER);
    const path = `/actions/${answer.id("action.id")}`;
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect((await account.get(path)).at("action.status")).toBe("running");
    await account.idle();
    expect((await account.get(path)).at("action.status")).toBe("success");
  });

  it("are listed, forgotten and checked", async () => {
    const account = new Account();
    expect((await account.fault({ kind: "nonsense" })).status).toBe(422);
    expect((await account.fault({ kind: "hang", path: "(" })).status).toBe(422);
    await account.fault({ kind: "out-of-stock", times: 3 });
    expect((await account.get("/_control/hetzner/faults")).each("faults", "times")).toEqual([3]);
    expect((await account.remove("/_control/hetzner/faults")).status).toBe(204);
    expect((await account.get("/servers")).status).toBe(200);
  });
});
