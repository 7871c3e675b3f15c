import { describe, expect, it } from "vitest";
import {
  decide,
  findLeftovers,
  withoutPendingCreates,
  type Found,
  type Leftover,
} from "../../cli/deploy/leftovers";
import { leftoverRecords } from "../../cli/deploy/leftover-records";
import type { HetznerKind, HetznerObject } from "../../cli/hetzner";
import type { StackExport, StateResource } from "../../cli/stack-state";

const KEY: StateResource = {
  urn: "urn:pulumi:prod::homeport::tls:index/privateKey:PrivateKey::ssh-bootstrap",
  type: "tls:index/privateKey:PrivateKey",
  outputs: { publicKeyFingerprintMd5: "aa:bb:cc" },
};
const STEP: StateResource = { urn: "urn:x::step", type: "command:remote:Command", id: "step" };
const NOTHING: Found = { servers: [], firewalls: [], primary_ips: [], ssh_keys: [] };

const state = (...resources: StateResource[]): StackExport => ({ version: 3, deployment: { resources } });
const object = (id: number, more: Partial<HetznerObject> = {}): HetznerObject => ({
  id,
  name: `o${id}`,
  labels: {},
  ...more,
});
const leftover = (kind: HetznerKind, more: Partial<HetznerObject> = {}, id = 1): Leftover => ({
  kind,
  object: object(id, more),
});
const marked = { labels: { bootstrap: "aabbcc" } };

describe("findLeftovers", () => {
  it("finds what state does not know, servers first", () => {
    const found: Found = {
      ...NOTHING,
      ssh_keys: [object(4)],
      servers: [object(1), object(2)],
      firewalls: [object(3)],
    };
    const known = state({ urn: "u", type: "hcloud:index/server:Server", id: "1" });

    expect(findLeftovers(found, known).map(({ kind, object: { id } }) => `${kind} ${id}`)).toEqual([
      "servers 2",
      "firewalls 3",
      "ssh_keys 4",
    ]);
  });

  it("knows a resource that waits for its deletion, and takes the id of another kind for nothing", () => {
    const found: Found = { ...NOTHING, servers: [object(1), object(2)] };
    const known = state(
      { urn: "u", type: "hcloud:index/server:Server", id: "1", delete: true },
      { urn: "v", type: "hcloud:index/firewall:Firewall", id: "2" },
    );

    expect(findLeftovers(found, known).map(({ object: { id } }) => id)).toEqual([2]);
  });
});

describe("decide", () => {
  const server = leftover("servers", marked);
  const strange = leftover("servers", { labels: { bootstrap: "other" } });

  it.each<[string, Leftover, readonly Leftover[], StackExport, "remove" | "refuse"]>([
    ["a server of the state's bootstrap key before any step", server, [], state(KEY), "remove"],
    ["a server after a step has run", server, [], state(KEY, STEP), "refuse"],
    [
      "a server after a container was made",
      server,
      [],
      state(KEY, { urn: "c", type: "docker:index/container:Container" }),
      "refuse",
    ],
    ["a server of another bootstrap key", strange, [], state(KEY), "refuse"],
    ["a server without a mark", leftover("servers"), [], state(KEY), "refuse"],
    ["a server when state lost its key", server, [], state(), "refuse"],
    [
      "a protected server",
      leftover("servers", { ...marked, protection: { delete: true } }),
      [],
      state(KEY),
      "refuse",
    ],
    ["an address of nothing", leftover("primary_ips", { assignee_id: null }), [], state(), "remove"],
    ["an address in use", leftover("primary_ips", { assignee_id: 9 }), [], state(), "refuse"],
    [
      "an address of a server that goes",
      leftover("primary_ips", { assignee_id: 1 }, 2),
      [server],
      state(KEY),
      "remove",
    ],
    [
      "an address of a server that stays",
      leftover("primary_ips", { assignee_id: 1 }, 2),
      [strange],
      state(KEY),
      "refuse",
    ],
    ["a protected address", leftover("primary_ips", { protection: { delete: true } }), [], state(), "refuse"],
    ["a firewall of nothing", leftover("firewalls", { applied_to: [] }), [], state(), "remove"],
    [
      "a firewall in use",
      leftover("firewalls", { applied_to: [{ server: { id: 9 } }] }),
      [],
      state(),
      "refuse",
    ],
    [
      "a firewall of a server that goes",
      leftover("firewalls", { applied_to: [{ server: { id: 1 } }] }, 2),
      [server],
      state(KEY),
      "remove",
    ],
    ["a firewall of a label selector", leftover("firewalls", { applied_to: [{}] }), [], state(), "refuse"],
    ["an SSH key", leftover("ssh_keys"), [], state(), "remove"],
  ])("%s", (_name, subject, others, known, action) => {
    const decision = decide(subject, [subject, ...others], known);

    expect(decision.action).toBe(action);
    if (decision.action === "refuse") expect(decision.fix).toMatch(/hcloud [a-z-]+ describe \d/);
  });
});

describe("withoutPendingCreates", () => {
  it("forgets interrupted creates of what is looked for alone", () => {
    const pending = [
      { type: "creating", resource: { urn: "a", type: "hcloud:index/server:Server" } },
      { type: "creating", resource: { urn: "d", type: "cloudflare:index/dnsRecord:DnsRecord" } },
      { type: "updating", resource: { urn: "b", type: "hcloud:index/server:Server" } },
      { type: "creating", resource: { urn: "c", type: "cloudflare:index/zoneSetting:ZoneSetting" } },
    ];
    const before: StackExport = { version: 3, deployment: { resources: [KEY], pending_operations: pending } };

    const { deployment } = withoutPendingCreates(before);

    expect(deployment.pending_operations?.map(({ resource }) => resource.urn)).toEqual(["b", "c"]);
    expect(deployment.resources).toEqual([KEY]);
  });
});

describe("leftoverRecords", () => {
  const mark = "Homeport: shop-prod";
  const record = (id: string, comment: string | null) => ({
    ...{ id, comment },
    name: "shop.example",
    type: "A",
  });

  it("are the stack's own ones that its state does not know, and nobody else's", () => {
    const records = [
      ...[record("known", mark), record("imported", mark), record("leaving", mark), record("lost", mark)],
      ...[record("staging", "Homeport: shop-prod-2"), record("by-hand", null)],
    ];
    const known = state(
      { urn: "u", type: "cloudflare:index/dnsRecord:DnsRecord", id: "known" },
      { urn: "v", type: "cloudflare:index/dnsRecord:DnsRecord", id: "zone/imported" },
      { urn: "w", type: "cloudflare:index/dnsRecord:DnsRecord", id: "leaving", delete: true },
    );
    expect(leftoverRecords(records, mark, known).map(({ id }) => id)).toEqual(["lost"]);
  });
});
