import { describe, expect, it } from "vitest";
import { Account, fault, type Answered } from "./hetzner/account";

async function running(account = new Account()): Promise<{ account: Account; id: number; act: Act }> {
  await account.cloud.start();
  const id = (await account.server({ name: "alpha" })).id("id");
  const act: Act = async (name, body) => {
    const answer = await account.post(`/servers/${id}/actions/${name}`, body);
    await account.idle();
    return answer;
  };
  return { account, id, act };
}
type Act = (name: string, body?: unknown) => Promise<Answered>;

const status = async (account: Account, id: number): Promise<unknown> =>
  (await account.get(`/servers/${id}`)).at("server.status");

describe("actions of a server", () => {
  it.each([
    ["poweroff", "stop_server", "kill", "off"],
    ["shutdown", "shutdown_server", "shutdown", "off"],
    ["reboot", "reboot_server", "reboot", "running"],
    ["reset", "reset_server", "kill", "running"],
  ])("%s is %s: the host gets %s and the server is %s", async (name, command, call, after) => {
    const { account, id, act } = await running();
    const answer = await act(name);
    expect([answer.status, answer.at("action.command")]).toEqual([201, command]);
    expect(account.hosts.calls).toContain(`${call} ${id}`);
    expect(await status(account, id)).toBe(after);
  });

  it("locks the server meanwhile: another action gets 423", async () => {
    const { account, id } = await running();
    expect((await account.post(`/servers/${id}/actions/reboot`)).status).toBe(201);
    expect(fault(await account.post(`/servers/${id}/actions/poweroff`))).toBe("423 locked");
    await account.idle();
    expect((await account.post(`/servers/${id}/actions/poweroff`)).status).toBe(201);
  });

  it("shows a power state that changed from inside", async () => {
    const { account, id } = await running();
    account.hosts.changed(id, "off");
    expect(await status(account, id)).toBe("off");
  });

  it("changes the type of a server that is off, to one that fits", async () => {
    const { account, id, act } = await running();
    expect(fault(await act("change_type", { server_type: "cx33", upgrade_disk: false }))).toBe(
      "422 server_not_stopped",
    );
    await act("poweroff");
    expect(fault(await act("change_type", { server_type: "cax11", upgrade_disk: false }))).toBe(
      "422 invalid_server_type",
    );
    await act("change_type", { server_type: "cx33", upgrade_disk: true });
    expect(account.hosts.calls).toContain(`resize 4 8 ${id}`);
    const server = await account.get(`/servers/${id}`);
    expect([server.at("server.server_type.name"), server.at("server.primary_disk_size")]).toEqual([
      "cx33",
      80,
    ]);
    expect(fault(await act("change_type", { server_type: "cx23", upgrade_disk: true }))).toBe(
      "422 invalid_server_type",
    );
  });

  it("rebuilds: the old host goes, a new one comes on the same address", async () => {
    const { account, id, act } = await running();
    const before = account.hosts.specs.get(id);
    const answer = await act("rebuild", { image: "debian-13" });
    expect(answer.at("action.command")).toBe("rebuild_server");
    expect(account.hosts.calls.filter((call) => call.endsWith(` ${id}`)).slice(-3)).toEqual([
      `remove ${id}`,
      `create ${id}`,
      `setRootPassword ${id}`,
    ]);
    expect(account.hosts.specs.get(id)).toEqual(before);
  });

  it("makes a snapshot that a server boots from, and that outlives the first one", async () => {
    const { account, id, act } = await running();
    const answer = await act("create_image", { description: "before", labels: { a: "b" } });
    const image = answer.id("image.id");
    expect(answer.at("image")).toMatchObject({
      type: "snapshot",
      status: "creating",
      bound_to: null,
      name: null,
    });
    const listed = await account.get("/images?type=snapshot&label_selector=a");
    expect(listed.at("images.0")).toMatchObject({
      id: image,
      status: "available",
      image_size: 1.5,
      description: "before",
    });
    await account.remove(`/servers/${id}`);
    const second = await account.server({ name: "beta", image });
    expect(account.hosts.specs.get(second.id("id"))?.snapshot).toBe(`homeport-local-image:${image}`);
    expect((await account.remove(`/images/${image}`)).status).toBe(204);
    expect(account.hosts.calls).toContain(`removeImage homeport-local-image:${image}`);
  });

  it("takes backups only when they are enabled, and drops them with the option", async () => {
    const { account, act } = await running();
    expect(fault(await act("create_image", { type: "backup" }))).toBe("422 backups_not_enabled");
    await act("enable_backup");
    await act("create_image", { type: "backup" });
    expect((await account.get("/images?type=backup")).at("images.length")).toBe(1);
    await act("disable_backup");
    expect((await account.get("/images?type=backup")).at("images.length")).toBe(0);
  });

  it("sets reverse names, and goes back to the default one", async () => {
    const { account, id, act } = await running();
    await act("change_dns_ptr", { ip: "198.18.0.10", dns_ptr: "mail.example.com" });
    expect(account.reverse.get("198.18.0.10")).toBe("mail.example.com");
    await act("change_dns_ptr", { ip: "198.18.0.10", dns_ptr: null });
    expect(account.reverse.get("198.18.0.10")).toBe("static.10.0.18.198.clients.your-server.de");
    await act("change_dns_ptr", { ip: "2001:db8:12:1::5", dns_ptr: "six.example.com" });
    expect((await account.get(`/servers/${id}`)).at("server.public_net.ipv6.dns_ptr")).toEqual([
      { ip: "2001:db8:12:1::5", dns_ptr: "six.example.com" },
    ]);
    expect(fault(await act("change_dns_ptr", { ip: "192.0.2.1", dns_ptr: "x.y" }))).toBe("422 invalid_input");
    await account.remove(`/servers/${id}`);
    expect([...account.reverse]).toEqual([]);
  });

  it.each(["enable_rescue", "attach_iso", "request_console", "attach_to_network", "change_alias_ips"])(
    "says openly that %s is not there",
    async (name) => {
      const { act } = await running();
      expect(fault(await act(name, {}))).toBe("422 unsupported_error");
    },
  );
});

describe("lists of actions", () => {
  it("gives all requested ones by id, sorted as asked", async () => {
    const { account, id, act } = await running();
    const reboot = (await act("reboot")).id("action.id");
    const create = (await account.get(`/servers/${id}/actions`)).id("actions.0.id");
    const found = await account.get(
      `/actions?id=${reboot}&id=${create}&page=1&per_page=50&sort=status&sort=id`,
    );
    expect(found.each("actions", "id")).toEqual([create, reboot]);
    expect(found.at("meta.pagination.total_entries")).toBe(2);
  });

  it("lists those of one resource, and no longer all of them", async () => {
    const { account, id, act } = await running();
    await act("reboot");
    const own = await account.get(`/servers/${id}/actions?sort=id:desc`);
    expect(own.each("actions", "command")).toEqual(["reboot_server", "create_server"]);
    const one = own.id("actions.0.id");
    expect((await account.get(`/servers/${id}/actions/${one}`)).at("action.id")).toBe(one);
    expect((await account.get(`/servers/actions/${one}`)).at("action.id")).toBe(one);
    expect((await account.get("/servers/actions")).at("actions.length")).toBe(2);
    expect(fault(await account.get("/servers/1/actions"))).toBe("404 not_found");
    expect(fault(await account.get("/actions"))).toBe("410 deprecated_api_endpoint");
    expect(fault(await account.get("/actions/1"))).toBe("404 not_found");
  });
});
