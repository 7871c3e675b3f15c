import { mkdtempSync, readdirSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { fileStore } from "../../local-cloud/hetzner/store";
import { Account, KEY } from "./hetzner/account";

let folder: string;
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), "hetzner-"))));
afterEach(() => rmSync(folder, { recursive: true }));
const open = (): Account => new Account(fileStore(join(folder, "hetzner.json")));

describe("a restart of the API", () => {
  it("keeps everything, and gives no id twice", async () => {
    const before = open();
    await before.post("/ssh_keys", { name: "me", public_key: KEY });
    await before.server({ name: "alpha", ssh_keys: ["me"], user_data: "#cloud-config\n" });
    await before.post("/firewalls", {
      name: "web",
      apply_to: [{ type: "label_selector", label_selector: { selector: "a" } }],
    });
    await before.idle();
    const after = open();
    for (const path of ["ssh_keys", "servers", "primary_ips", "firewalls", "servers/actions"]) {
      expect((await after.get(`/${path}`)).value).toEqual((await before.get(`/${path}`)).value);
    }
    const fresh = await after.post("/placement_groups", { name: "new", type: "spread" });
    const ids = before.store.state.actions.map((action) => action.id);
    expect(fresh.id("placement_group.id")).toBeGreaterThan(Math.max(...ids));
  });

  it("brings hosts back as they were, filters first", async () => {
    const before = open();
    const on = await before.server({ name: "on", user_data: "#cloud-config\n" });
    const off = await before.server({ name: "off" });
    await before.post(`/servers/${off.id("id")}/actions/poweroff`);
    await before.idle();
    const after = open();
    await after.cloud.start();
    expect(after.hosts.calls).toEqual(["applyFirewalls", "reconcile"]);
    expect(after.hosts.wanted.map(({ spec, running }) => [spec.id, running])).toEqual([
      [on.id("id"), true],
      [off.id("id"), false],
    ]);
    expect(after.hosts.wanted[0]?.spec).toEqual(before.hosts.specs.get(on.id("id")));
  });

  it("ends actions that a kill cut off, and unlocks their servers", async () => {
    const before = open();
    before.hosts.before = (call) => (call === "create" ? new Promise(() => undefined) : Promise.resolve());
    const answer = await before.post("/servers", { name: "alpha", server_type: "cx23", image: "debian-13" });
    const after = open();
    await after.cloud.start();
    expect(after.hosts.wanted.map(({ running }) => running)).toEqual([true]);
    const action = await after.get(`/actions/${answer.id("action.id")}`);
    expect(action.at("action.status")).toBe("success");
    const server = await after.get(`/servers/${answer.id("server.id")}`);
    expect([server.at("server.status"), server.at("server.locked")]).toEqual(["running", false]);
  });

  it("is of a file that only its owner reads, replaced as a whole", async () => {
    const account = open();
    await account.post("/ssh_keys", { name: "me", public_key: KEY });
    expect(readdirSync(folder)).toEqual(["hetzner.json"]);
    expect(statSync(join(folder, "hetzner.json")).mode & 0o777).toBe(0o600);
  });
});
