import { describe, expect, it } from "vitest";
import { Account, fault, fields, KEY } from "./hetzner/account";

const BASE = { name: "alpha", server_type: "cx23", image: "debian-13", location: "nbg1" };

describe("creating a server", () => {
  it("answers at once, ends its action when the host runs, and has the documented shape", async () => {
    const account = new Account();
    const answer = await account.post("/servers", BASE);
    expect(answer.status).toBe(201);
    expect(answer.at("server.status")).toBe("initializing");
    expect(answer.at("server.locked")).toBe(true);
    expect(answer.at("action")).toMatchObject({
      command: "create_server",
      status: "running",
      finished: null,
      error: null,
    });
    expect(answer.at("action.resources")).toEqual([{ id: answer.id("server.id"), type: "server" }]);
    expect(answer.at("next_actions")).toEqual([]);
    expect(answer.at("root_password")).toEqual(expect.stringMatching(/^\S{12,}$/));
    await account.idle();
    const server = await account.get(`/servers/${answer.id("server.id")}`);
    expect(server.at("server")).toMatchObject({
      ...{
        name: "alpha",
        status: "running",
        locked: false,
        rescue_enabled: false,
        iso: null,
        backup_window: null,
      },
      ...{ labels: {}, volumes: [], private_net: [], load_balancers: [], primary_disk_size: 40 },
      ...{ placement_group: null, protection: { delete: false, rebuild: false } },
    });
    expect(server.at("server.location.name")).toBe("nbg1");
    expect(server.at("server.image.name")).toBe("debian-13");
    expect(server.at("server.public_net.ipv4")).toMatchObject({
      ...{ ip: "198.18.0.10", dns_ptr: "static.10.0.18.198.clients.your-server.de", blocked: false },
    });
    expect(server.at("server.public_net.ipv6.ip")).toBe("2001:db8:12:1::/64");
    const action = await account.get(`/actions/${answer.id("action.id")}`);
    expect(action.at("action")).toMatchObject({ status: "success", progress: 100, error: null });
  });

  it("hands keys, user data and size to the host, and sets no password when there is a key", async () => {
    const account = new Account();
    const key = (await account.post("/ssh_keys", { name: "me", public_key: KEY })).id("ssh_key.id");
    const server = await account.server({ ...BASE, ssh_keys: [key], user_data: "#cloud-config\n" });
    expect(account.hosts.specs.get(server.id("id"))).toEqual({
      ...{ id: server.id("id"), hostname: "alpha", address: "198.18.0.10", snapshot: null },
      ...{ cores: 2, memory: 4, publicKeys: [KEY], userData: "#cloud-config\n" },
    });
    expect(account.hosts.calls.some((call) => call.startsWith("setRootPassword"))).toBe(false);
  });

  it("puts the packet filters up before the host boots", async () => {
    const account = new Account();
    const firewall = await account.post("/firewalls", { name: "closed" });
    const server = await account.server({ ...BASE, firewalls: [{ firewall: firewall.id("firewall.id") }] });
    const { calls } = account.hosts;
    expect(calls.indexOf("applyFirewalls")).toBeLessThan(calls.indexOf(`create ${server.id("id")}`));
    expect(account.hosts.filters).toEqual([{ address: "198.18.0.10", inbound: [], outbound: null }]);
    expect(server.at("public_net.firewalls")).toEqual([
      { id: firewall.id("firewall.id"), status: "applied" },
    ]);
  });

  it.each([
    ["a name that is taken", { name: "taken" }, "409 uniqueness_error"],
    ["an unknown type", { server_type: "cx99" }, "422 invalid_input"],
    ["a type that the location hasn't", { location: "ash" }, "422 invalid_input"],
    ["an unknown location", { location: "moon" }, "422 invalid_input"],
    ["an unknown image", { image: "debian-99" }, "422 invalid_input"],
    ["an image that is listed but doesn't boot here", { image: "ubuntu-24.04" }, "422 unsupported_error"],
    ["an unknown key", { ssh_keys: ["nobody"] }, "422 invalid_input"],
    ["an unknown firewall", { firewalls: [{ firewall: 1 }] }, "404 not_found"],
    ["too much user data", { user_data: "x".repeat(32769) }, "422 invalid_input"],
    ["an invalid label", { labels: { "-": "" } }, "422 invalid_input"],
    ["no network at all", { public_net: { enable_ipv4: false, enable_ipv6: false } }, "422 invalid_input"],
    ["a private network", { networks: [1] }, "422 unsupported_error"],
    ["a volume", { volumes: [1] }, "422 unsupported_error"],
    ["an unknown placement group", { placement_group: 1 }, "404 not_found"],
  ])("refuses %s and leaves nothing behind", async (_name, extra, code) => {
    const account = new Account();
    await account.server({ name: "taken" });
    const before = JSON.stringify({ ...account.store.state, next_id: 0 });
    expect(fault(await account.post("/servers", { ...BASE, ...extra }))).toBe(code);
    expect(JSON.stringify({ ...account.store.state, next_id: 0 })).toBe(before);
  });

  it("takes a primary IP, unless that is assigned, elsewhere or of the other version", async () => {
    const account = new Account();
    const make = async (name: string, extra = {}): Promise<number> =>
      (
        await account.post("/primary_ips", {
          name,
          type: "ipv4",
          assignee_type: "server",
          location: "nbg1",
          ...extra,
        })
      ).id("primary_ip.id");
    const good = await make("good");
    const elsewhere = await make("elsewhere", { location: "fsn1" });
    const six = await make("six", { type: "ipv6" });
    const create = async (ipv4: number, name: string): Promise<string> =>
      fault(await account.post("/servers", { ...BASE, name, public_net: { ipv4, enable_ipv6: false } }));
    expect(await create(good, "a")).toBe("201 undefined");
    expect(await create(good, "b")).toBe("422 primary_ip_assigned");
    expect(await create(elsewhere, "c")).toBe("422 primary_ip_datacenter_mismatch");
    expect(await create(six, "d")).toBe("412 primary_ip_version_mismatch");
    expect((await account.get("/servers")).at("servers.length")).toBe(1);
  });

  it("ends in error when the host does not come up, and the server stays, off", async () => {
    const account = new Account();
    account.hosts.before = async (call) => {
      if (call === "create") throw new Error("no room");
    };
    const server = await account.server(BASE);
    expect(server.at("status")).toBe("off");
    const actions = await account.get(`/servers/${server.id("id")}/actions`);
    expect(actions.at("actions.0")).toMatchObject({ status: "error", error: { code: "action_failed" } });
  });

  it("can leave the server off", async () => {
    const account = new Account();
    const server = await account.server({ ...BASE, start_after_create: false });
    expect(server.at("status")).toBe("off");
    expect(account.hosts.specs.size).toBe(0);
    await account.post(`/servers/${server.id("id")}/actions/poweron`);
    await account.idle();
    expect(account.hosts.specs.size).toBe(1);
  });
});

describe("finding servers", () => {
  it("filters by name, label and status; an id that is gone is no name", async () => {
    const account = new Account();
    const alpha = await account.server({ ...BASE, labels: { role: "web" } });
    const beta = await account.server({ ...BASE, name: "beta" });
    await account.post(`/servers/${beta.id("id")}/actions/poweroff`);
    await account.idle();
    const names = async (query: string): Promise<unknown> =>
      (await account.get(`/servers?${query}`)).each("servers", "name");
    expect(await names("name=beta")).toEqual(["beta"]);
    expect(await names("label_selector=role%3Dweb")).toEqual(["alpha"]);
    expect(await names("status=off")).toEqual(["beta"]);
    expect(await names("status=off&status=running&sort=name:desc")).toEqual(["beta", "alpha"]);
    expect(await names(`name=${alpha.id("id")}`)).toEqual([]);
    expect(fault(await account.get("/servers/1"))).toBe("404 not_found");
  });

  it("renames and labels", async () => {
    const account = new Account();
    const server = await account.server(BASE);
    await account.server({ ...BASE, name: "beta" });
    const path = `/servers/${server.id("id")}`;
    expect((await account.put(path, { labels: { a: "b" } })).at("server.labels")).toEqual({ a: "b" });
    expect((await account.put(path, { name: "gamma" })).at("server.name")).toBe("gamma");
    expect(fault(await account.put(path, { name: "beta" }))).toBe("409 uniqueness_error");
    expect(fields(await account.put(path, { name: "a b" }))).toEqual(["name"]);
  });
});

describe("deleting a server", () => {
  it("takes its own addresses along and leaves the others unassigned", async () => {
    const account = new Account();
    const ip = await account.post("/primary_ips", { name: "kept", type: "ipv4", location: "nbg1" });
    const public_net = { ipv4: ip.id("primary_ip.id") };
    const server = await account.server({ ...BASE, public_net });
    expect((await account.get("/primary_ips")).at("primary_ips.length")).toBe(2);
    const answer = await account.remove(`/servers/${server.id("id")}`);
    expect([answer.status, answer.at("action.command")]).toEqual([200, "delete_server"]);
    const left = await account.get("/primary_ips");
    expect(left.each("primary_ips", "name")).toEqual(["kept"]);
    expect(left.at("primary_ips.0.assignee_id")).toBe(null);
    expect(fault(await account.get(`/servers/${server.id("id")}`))).toBe("404 not_found");
  });

  it("lets a new server have the address at once: its host waits for the old one's end", async () => {
    const account = new Account();
    const ip = await account.post("/primary_ips", { name: "kept", type: "ipv4", location: "nbg1" });
    const wanted = { ...BASE, public_net: { ipv4: ip.id("primary_ip.id") } };
    const old = await account.server(wanted);
    let removed = (): void => undefined;
    account.hosts.before = (call) =>
      call === "remove" ? new Promise((resolve) => (removed = resolve)) : Promise.resolve();
    await account.remove(`/servers/${old.id("id")}`);
    const answer = await account.post("/servers", wanted);
    await new Promise((resolve) => setTimeout(resolve, 20));
    const create = `create ${answer.id("server.id")}`;
    expect(account.hosts.calls).not.toContain(create);
    removed();
    await account.idle();
    expect(account.hosts.calls).toContain(create);
    expect((await account.get("/servers")).at("servers.0.public_net.ipv4.ip")).toBe("198.18.0.10");
  });

  it("is refused while it is protected or locked", async () => {
    const account = new Account();
    const server = await account.server(BASE);
    const path = `/servers/${server.id("id")}`;
    await account.post(`${path}/actions/change_protection`, { delete: true, rebuild: true });
    await account.idle();
    expect(fault(await account.remove(path))).toBe("423 protected");
    expect(fault(await account.post(`${path}/actions/rebuild`, { image: "debian-13" }))).toBe(
      "423 protected",
    );
    await account.post(`${path}/actions/change_protection`, { delete: false, rebuild: false });
    expect(fault(await account.remove(path))).toBe("423 locked");
    await account.idle();
    expect((await account.remove(path)).status).toBe(200);
  });
});
