import { describe, expect, it } from "vitest";
import { Account, fault, fields, KEY, READ_ONLY } from "./hetzner/account";

describe("the protocol of Hetzner's API", () => {
  it("asks for a token, and says which kind of wrong it is", async () => {
    const account = new Account();
    const none = await account.send("GET", "/servers", undefined, null);
    expect([fault(none), none.at("error.message")]).toEqual(["401 unauthorized", "token is required"]);
    const wrong = await account.send("GET", "/servers", undefined, "x");
    expect(wrong.at("error.message")).toBe("the token you have provided is invalid");
  });

  it("lets a read-only token read", async () => {
    const account = new Account();
    expect((await account.send("GET", "/servers", undefined, READ_ONLY)).status).toBe(200);
    const refused = await account.send("POST", "/ssh_keys", { name: "a", public_key: KEY }, READ_ONLY);
    expect(fault(refused)).toBe("401 token_readonly");
  });

  it("knows unknown routes before it looks at the token, and methods that a route hasn't", async () => {
    const account = new Account();
    const unknown = await account.send("GET", "/nonsense", undefined, null);
    expect([fault(unknown), unknown.at("error.message")]).toEqual(["404 not_found", "api route not found"]);
    expect(fault(await account.send("PATCH", "/servers/1"))).toBe("405 method_not_allowed");
    expect(fault(await account.get("/certificates"))).toBe("404 not_found");
  });

  it("answers broken JSON with 400 and every faulty field at once with 422", async () => {
    const account = new Account();
    expect(fault(await account.post("/ssh_keys", "{"))).toBe("400 json_error");
    const answer = await account.post("/servers", { name: "under_score", server_type: true });
    expect(fault(answer)).toBe("422 invalid_input");
    expect(fields(answer)).toEqual(["name", "server_type", "image"]);
    expect(answer.at("error.message")).toBe("invalid input in fields 'name', 'server_type', 'image'");
  });

  it("sends the rate limit, a correlation id and JSON's content type", async () => {
    const account = new Account();
    const first = await account.get("/locations");
    const second = await account.get("/locations");
    expect(first.headers["content-type"]).toMatch(/^application\/json/);
    expect(first.headers["ratelimit-limit"]).toBe("3600");
    expect(second.headers["ratelimit-remaining"]).toBe("3598");
    expect(Number(second.headers["ratelimit-reset"])).toBe(account.time.getTime() / 1000 + 1);
    expect(first.headers["x-correlation-id"]).not.toBe(second.headers["x-correlation-id"]);
  });

  it("refuses when the rate limit is used up, and takes requests again later", async () => {
    const account = new Account();
    for (let count = 0; count < 3600; count++) await account.get("/locations/1");
    expect(fault(await account.get("/locations"))).toBe("429 rate_limit_exceeded");
    account.time = new Date(account.time.getTime() + 1000);
    expect((await account.get("/locations")).status).toBe(200);
  });

  it("pages lists, 25 to a page and 50 at most, with links to the others", async () => {
    const account = new Account();
    for (let number = 1; number <= 60; number++) {
      await account.post("/placement_groups", { name: `group-${number}`, type: "spread" });
    }
    const first = await account.get("/placement_groups");
    expect(first.at("meta.pagination")).toEqual({
      ...{ page: 1, per_page: 25, previous_page: null, next_page: 2, last_page: 3, total_entries: 60 },
    });
    const second = await account.get("/placement_groups?page=2&per_page=500");
    expect(second.at("placement_groups.length")).toBe(10);
    expect(second.at("meta.pagination.per_page")).toBe(50);
    expect(second.at("meta.pagination.next_page")).toBe(null);
    expect(first.headers.link).toMatch(
      /<http:\/\/\S+\/v1\/placement_groups\?page=2&per_page=25>; rel="next"/,
    );
    expect(fields(await account.get("/placement_groups?page=0"))).toEqual(["page"]);
  });

  it("sorts and filters", async () => {
    const account = new Account();
    for (const name of ["b", "c", "a"]) await account.post("/placement_groups", { name, type: "spread" });
    const names = async (query: string): Promise<unknown> =>
      (await account.get(`/placement_groups?${query}`)).each("placement_groups", "name");
    expect(await names("sort=name")).toEqual(["a", "b", "c"]);
    expect(await names("sort=id:desc")).toEqual(["a", "c", "b"]);
    expect(await names("name=c")).toEqual(["c"]);
    expect(fields(await account.get("/placement_groups?sort=colour"))).toEqual(["sort"]);
  });

  it("has Hetzner's catalog", async () => {
    const account = new Account();
    const types = await account.get("/server_types?name=cx23");
    expect(types.at("server_types.0")).toMatchObject({
      ...{
        name: "cx23",
        cores: 2,
        memory: 4,
        disk: 40,
        architecture: "x86",
        deprecated: false,
        deprecation: null,
      },
    });
    expect(types.each("server_types.0.locations", "name")).toEqual(["fsn1", "nbg1", "hel1"]);
    expect((await account.get("/locations")).each("locations", "name")).toContain("nbg1");
    expect((await account.get("/datacenters/2")).at("datacenter.location.name")).toBe("nbg1");
    expect((await account.get("/pricing")).at("pricing.currency")).toBe("EUR");
    for (const path of ["isos", "load_balancer_types"]) {
      expect((await account.get(`/${path}`)).at(`${path}.length`)).toBeGreaterThan(0);
    }
  });

  it("lists images by name and architecture, deprecated ones only when asked for", async () => {
    const account = new Account();
    const one = await account.get("/images?architecture=x86&include_deprecated=true&name=debian-13");
    expect(one.each("images", "name")).toEqual(["debian-13"]);
    expect(one.at("images.0")).toMatchObject({
      type: "system",
      status: "available",
      deprecated: null,
      deleted: null,
    });
    expect((await account.get("/images?name=debian-11")).at("images")).toEqual([]);
    expect((await account.get("/images?name=debian-11&include_deprecated=true")).at("images.length")).toBe(2);
  });
});
