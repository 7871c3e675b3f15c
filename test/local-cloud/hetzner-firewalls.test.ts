import { describe, expect, it } from "vitest";
import { Account, fault, fields, type Answered } from "./hetzner/account";

const SSH = { direction: "in", protocol: "tcp", port: "22", source_ips: ["198.19.255.254/32"] };

async function make(account: Account, body: Record<string, unknown>): Promise<Answered> {
  const answer = await account.post("/firewalls", { name: "web", ...body });
  await account.idle();
  return answer;
}
const onServer = (id: number): unknown[] => [{ type: "server", server: { id } }];
const bySelector = (selector: string): unknown[] => [
  { type: "label_selector", label_selector: { selector } },
];

describe("firewalls", () => {
  it("keeps rules as sent, blocks in canonical form", async () => {
    const account = new Account();
    const rules = [{ ...SSH, source_ips: ["0.0.0.0/0", "2001:0DB8:0:0::/32"], description: "admins" }];
    const answer = await make(account, { rules });
    expect(answer.at("firewall.rules")).toEqual([
      {
        ...{ direction: "in", protocol: "tcp", port: "22", description: "admins" },
        ...{ source_ips: ["0.0.0.0/0", "2001:db8::/32"], destination_ips: [] },
      },
    ]);
    expect(answer.each("actions", "command")).toEqual(["set_firewall_rules"]);
  });

  it.each([
    [{ port: undefined }, "rules.0.port"],
    [{ port: "0" }, "rules.0.port"],
    [{ port: "80-22" }, "rules.0.port"],
    [{ port: "65536" }, "rules.0.port"],
    [{ port: "http" }, "rules.0.port"],
    [{ protocol: "icmp" }, "rules.0.port"],
    [{ protocol: "sctp" }, "rules.0.protocol"],
    [{ source_ips: [] }, "rules.0.source_ips"],
    [{ source_ips: ["10.0.0.1"] }, "rules.0.source_ips.0"],
    [{ source_ips: ["10.0.0.1/8"] }, "rules.0.source_ips.0"],
    [{ source_ips: ["2001:db8::1/64"] }, "rules.0.source_ips.0"],
    [{ source_ips: Array<string>(101).fill("10.0.0.0/8") }, "rules.0.source_ips"],
    [{ direction: "out", source_ips: [] }, "rules.0.destination_ips"],
    [{ description: "x".repeat(256) }, "rules.0.description"],
  ])("refuses the rule with %j", async (change, field) => {
    const answer = await make(new Account(), { rules: [{ ...SSH, ...change }] });
    expect(fault(answer)).toBe("422 invalid_input");
    expect(fields(answer)).toContain(field);
  });

  it("refuses more than 50 rules", async () => {
    expect(fields(await make(new Account(), { rules: Array(51).fill(SSH) }))).toEqual(["rules"]);
  });

  it("filters a server as long as it is applied to it", async () => {
    const account = new Account();
    const id = (await account.server()).id("id");
    expect(account.hosts.filters).toEqual([{ address: "198.18.0.10", inbound: null, outbound: null }]);
    const answer = await make(account, { rules: [SSH], apply_to: onServer(id) });
    expect(answer.each("actions", "command")).toEqual(["set_firewall_rules", "apply_firewall"]);
    const inbound = [{ protocol: "tcp", port: "22", peers: ["198.19.255.254/32"] }];
    expect(account.hosts.filters).toEqual([{ address: "198.18.0.10", inbound, outbound: null }]);
    const path = `/firewalls/${answer.id("firewall.id")}`;
    expect(fault(await account.remove(path))).toBe("422 resource_in_use");
    await account.post(`${path}/actions/remove_from_resources`, { remove_from: onServer(id) });
    await account.idle();
    expect(account.hosts.filters).toEqual([{ address: "198.18.0.10", inbound: null, outbound: null }]);
    expect((await account.remove(path)).status).toBe(204);
  });

  it("ends the action only when the filters are in force", async () => {
    const account = new Account();
    const id = (await account.server()).id("id");
    let release = (): void => undefined;
    account.hosts.before = () => new Promise((resolve) => (release = resolve));
    const answer = await account.post("/firewalls", { name: "web", apply_to: onServer(id) });
    await new Promise((resolve) => setTimeout(resolve, 20));
    const path = `/actions/${answer.id("actions.1.id")}`;
    expect((await account.get(path)).at("action.status")).toBe("running");
    release();
    await account.idle();
    expect((await account.get(path)).at("action.status")).toBe("success");
  });

  it("follows labels: a selector applies to what matches now", async () => {
    const account = new Account();
    const id = (await account.server({ labels: { role: "web" } })).id("id");
    const other = (await account.server()).id("id");
    const answer = await make(account, { apply_to: bySelector("role=web") });
    const path = `/firewalls/${answer.id("firewall.id")}`;
    const applied = async (): Promise<unknown> =>
      (await account.get(path)).at("firewall.applied_to.0.applied_to_resources");
    const inbound = (): unknown => account.hosts.filters.map((host) => host.inbound);
    expect(await applied()).toEqual([{ type: "server", server: { id } }]);
    expect(inbound()).toEqual([[], null]);
    await account.put(`/servers/${id}`, { labels: {} });
    await account.put(`/servers/${other}`, { labels: { role: "web" } });
    await account.idle();
    expect(await applied()).toEqual([{ type: "server", server: { id: other } }]);
    expect(inbound()).toEqual([null, []]);
    const removal = await account.post(`${path}/actions/remove_from_resources`, {
      remove_from: onServer(other),
    });
    expect(fault(removal)).toBe("422 firewall_managed_by_label_selector");
  });

  it("replaces rules, and adds up those of several firewalls", async () => {
    const account = new Account();
    const id = (await account.server()).id("id");
    const first = await make(account, { rules: [SSH], apply_to: onServer(id) });
    const out = { direction: "out", protocol: "udp", port: "53", destination_ips: ["0.0.0.0/0"] };
    await make(account, { name: "two", rules: [out], apply_to: onServer(id) });
    const web = { ...SSH, port: "80-443", source_ips: ["0.0.0.0/0"] };
    await account.post(`/firewalls/${first.id("firewall.id")}/actions/set_rules`, { rules: [web] });
    await account.idle();
    expect(account.hosts.filters).toEqual([
      {
        address: "198.18.0.10",
        inbound: [{ protocol: "tcp", port: "80-443", peers: ["0.0.0.0/0"] }],
        outbound: [{ protocol: "udp", port: "53", peers: ["0.0.0.0/0"] }],
      },
    ]);
  });

  it("names what can't be applied", async () => {
    const account = new Account();
    const id = (await account.server()).id("id");
    const path = `/firewalls/${(await make(account, { apply_to: onServer(id) })).id("firewall.id")}/actions`;
    const apply = async (apply_to: unknown): Promise<string> =>
      fault(await account.post(`${path}/apply_to_resources`, { apply_to }));
    expect(await apply(onServer(id))).toBe("422 firewall_already_applied");
    expect(await apply(onServer(1))).toBe("404 firewall_resource_not_found");
    expect(await apply(bySelector("a b"))).toBe("422 invalid_input");
    expect(await apply([{ type: "server" }])).toBe("422 invalid_input");
    expect(await apply([...bySelector("a"), ...bySelector("a")])).toBe("422 server_already_added");
    expect(fault(await make(account, { name: "x", apply_to: onServer(1) }))).toBe(
      "422 firewall_resource_not_found",
    );
    expect(fault(await make(account, {}))).toBe("409 uniqueness_error");
  });
});
