import { describe, expect, it } from "vitest";
import { Account, fault, fields, KEY } from "./hetzner/account";

describe("SSH keys", () => {
  it("have the MD5 fingerprint that ssh-keygen shows", async () => {
    const account = new Account();
    const answer = await account.post("/ssh_keys", { name: "me", public_key: KEY, labels: { a: "b" } });
    expect(answer.status).toBe(201);
    const fingerprint = answer.at("ssh_key.fingerprint");
    expect(fingerprint).toBe("4c:4b:06:1e:c8:e8:f8:91:39:b3:0e:bd:35:89:3c:3a");
    expect(answer.at("ssh_key")).toMatchObject({
      name: "me",
      public_key: KEY,
      created: "2026-01-02T03:04:05.000Z",
    });
    const found = await account.get(`/ssh_keys?fingerprint=${String(fingerprint)}`);
    expect(found.each("ssh_keys", "name")).toEqual(["me"]);
  });

  it("are unique by name and by key, and must be keys", async () => {
    const account = new Account();
    const key = await account.post("/ssh_keys", { name: "me", public_key: KEY });
    const again = await account.post("/ssh_keys", { name: "other", public_key: KEY });
    expect(fault(again)).toBe("409 uniqueness_error");
    expect(again.at("error.message")).toBe("SSH key with the same fingerprint already exists");
    expect(fields(await account.post("/ssh_keys", { name: "x", public_key: "ssh-ed25519 AAAA" }))).toEqual([
      "public_key",
    ]);
    const path = `/ssh_keys/${key.id("ssh_key.id")}`;
    expect((await account.put(path, { name: "new" })).at("ssh_key.name")).toBe("new");
    expect((await account.remove(path)).status).toBe(204);
    expect(fault(await account.get(path))).toBe("404 not_found");
  });
});

describe("primary IPs", () => {
  const WANTED = { name: "kept", type: "ipv4", assignee_type: "server", location: "nbg1" };

  it("have an address of their own, with a reverse name", async () => {
    const account = new Account();
    const first = await account.post("/primary_ips", WANTED);
    expect(first.at("action")).toBe(null);
    expect(first.at("primary_ip")).toMatchObject({
      ...{ name: "kept", ip: "198.18.0.10", assignee_id: null, assignee_type: "server", auto_delete: false },
      ...{ blocked: false, protection: { delete: false }, labels: {} },
    });
    expect(first.at("primary_ip.location.name")).toBe("nbg1");
    expect(first.at("primary_ip.datacenter.name")).toBe("nbg1-dc3");
    await account.remove(`/primary_ips/${first.id("primary_ip.id")}`);
    const second = await account.post("/primary_ips", WANTED);
    expect(second.at("primary_ip.ip")).toBe("198.18.0.11");
  });

  it("move between servers that are off", async () => {
    const account = new Account();
    const server = await account.server();
    const ip = server.id("public_net.ipv4.id");
    const act = async (name: string, body?: unknown): Promise<string> => {
      const answer = fault(await account.post(`/primary_ips/${ip}/actions/${name}`, body));
      await account.idle();
      return answer;
    };
    const assignment = { assignee_type: "server", assignee_id: server.id("id") };
    expect(await act("unassign")).toBe("422 server_not_stopped");
    await account.post(`/servers/${server.id("id")}/actions/poweroff`);
    await account.idle();
    expect(fault(await account.remove(`/primary_ips/${ip}`))).toBe("422 must_be_unassigned");
    expect(await act("unassign")).toBe("201 undefined");
    expect(account.hosts.calls).toContain(`setAddress null ${server.id("id")}`);
    expect(await act("assign", assignment)).toBe("201 undefined");
    expect(account.hosts.calls).toContain(`setAddress 198.18.0.10 ${server.id("id")}`);
    expect(await act("assign", assignment)).toBe("422 primary_ip_already_assigned");
    const other = await account.post("/primary_ips", { ...WANTED, location: "nbg1" });
    const second = await account.post(`/primary_ips/${other.id("primary_ip.id")}/actions/assign`, assignment);
    expect(fault(second)).toBe("422 server_has_ipv4");
  });

  it("are protected, named and labelled", async () => {
    const account = new Account();
    const path = `/primary_ips/${(await account.post("/primary_ips", WANTED)).id("primary_ip.id")}`;
    await account.post(`${path}/actions/change_protection`, { delete: true });
    expect(fault(await account.remove(path))).toBe("423 protected");
    const changed = await account.put(path, { auto_delete: true, labels: { a: "b" } });
    expect(changed.at("primary_ip")).toMatchObject({ auto_delete: true, labels: { a: "b" } });
    expect(fault(await account.post("/primary_ips", WANTED))).toBe("409 uniqueness_error");
    expect(fields(await account.post("/primary_ips", { name: "x", type: "ipv4" }))).toEqual(["location"]);
    await account.post(`${path}/actions/change_dns_ptr`, { ip: "198.18.0.10", dns_ptr: "a.example.com" });
    expect(account.reverse.get("198.18.0.10")).toBe("a.example.com");
  });
});

describe("networks", () => {
  it("have subnets and routes that fit", async () => {
    const account = new Account();
    const network = await account.post("/networks", { name: "net", ip_range: "10.0.0.0/16" });
    const path = `/networks/${network.id("network.id")}`;
    const act = async (name: string, body: unknown): Promise<string> =>
      fault(await account.post(`${path}/actions/${name}`, body));
    const subnet = { type: "cloud", network_zone: "eu-central" };
    expect(await act("add_subnet", { ...subnet, ip_range: "10.0.0.0/24" })).toBe("201 undefined");
    expect(await act("add_subnet", subnet)).toBe("201 undefined");
    expect(await act("add_subnet", { ...subnet, ip_range: "10.0.1.0/25" })).toBe("422 invalid_input");
    expect(await act("add_subnet", { ...subnet, ip_range: "10.1.0.0/24" })).toBe("422 invalid_input");
    expect(await act("add_route", { destination: "192.168.0.0/24", gateway: "10.0.0.5" })).toBe(
      "201 undefined",
    );
    expect(await act("add_route", { destination: "192.168.1.0/24", gateway: "10.9.0.5" })).toBe(
      "422 invalid_input",
    );
    expect(await act("change_ip_range", { ip_range: "10.0.0.0/17" })).toBe("422 invalid_input");
    expect(await act("change_ip_range", { ip_range: "10.0.0.0/15" })).toBe("201 undefined");
    const shown = await account.get(path);
    expect(shown.each("network.subnets", "ip_range")).toEqual(["10.0.0.0/24", "10.0.1.0/24"]);
    expect(shown.at("network.subnets.0.gateway")).toBe("10.0.0.1");
    expect(await act("delete_subnet", { ip_range: "10.0.1.0/24" })).toBe("201 undefined");
    expect(await act("delete_route", { destination: "192.168.0.0/24", gateway: "10.0.0.5" })).toBe(
      "201 undefined",
    );
    expect((await account.get(path)).at("network.routes")).toEqual([]);
    expect((await account.remove(path)).status).toBe(204);
    expect(fields(await account.post("/networks", { name: "pub", ip_range: "8.8.8.0/24" }))).toEqual([
      "ip_range",
    ]);
  });
});

describe("volumes", () => {
  it("are made, grown, protected and deleted, and refuse to be attached", async () => {
    const account = new Account();
    const made = await account.post("/volumes", { name: "data", size: 10, location: "nbg1", format: "ext4" });
    expect(made.at("action.command")).toBe("create_volume");
    const id = made.id("volume.id");
    expect(made.at("volume.linux_device")).toBe(`/dev/disk/by-id/scsi-0HC_Volume_${id}`);
    const path = `/volumes/${id}`;
    expect((await account.post(`${path}/actions/resize`, { size: 20 })).status).toBe(201);
    expect(fields(await account.post(`${path}/actions/resize`, { size: 15 }))).toEqual(["size"]);
    expect(fault(await account.post(`${path}/actions/attach`, { server: 1 }))).toBe("422 unsupported_error");
    await account.post(`${path}/actions/change_protection`, { delete: true });
    expect(fault(await account.remove(path))).toBe("423 protected");
    expect((await account.get(path)).at("volume")).toMatchObject({
      size: 20,
      status: "available",
      server: null,
    });
  });
});

describe("placement groups", () => {
  it("know their servers, 10 at most, and stay while they have some", async () => {
    const account = new Account();
    const group = (await account.post("/placement_groups", { name: "g", type: "spread" })).id(
      "placement_group.id",
    );
    for (let count = 0; count < 10; count++) await account.server({ placement_group: group });
    const eleventh = await account.post("/servers", {
      ...{ name: "eleventh", server_type: "cx23", image: "debian-13", placement_group: group },
    });
    expect(fault(eleventh)).toBe("422 placement_error");
    expect((await account.get(`/placement_groups/${group}`)).at("placement_group.servers.length")).toBe(10);
    expect(fault(await account.remove(`/placement_groups/${group}`))).toBe("422 resource_in_use");
  });
});
