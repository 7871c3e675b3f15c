import { spawnSync } from "node:child_process";
import { describe, expect, it } from "vitest";
import { renderFirewall, tableName, type HostFirewall } from "../../local-cloud/hosts/firewall";

const PLACE = { table: "homeport_test", bridge: "hp-test", hosts: "198.18.0.0/16" };
const OPEN: HostFirewall = { address: "198.18.0.10", inbound: null, outbound: null };
const CLOSED: HostFirewall = { address: "198.18.0.11", inbound: [], outbound: null };
const RULES: HostFirewall = {
  address: "198.18.1.12",
  inbound: [
    { protocol: "tcp", port: "22", peers: ["198.19.255.254/32", "10.0.0.0/8", "2001:db8::/32"] },
    { protocol: "tcp", port: "1024-5000", peers: ["0.0.0.0/0", "::/0"] },
    { protocol: "udp", port: "any", peers: ["10.0.0.0/8", "10.1.0.0/16"] },
    { protocol: "icmp", port: null, peers: ["0.0.0.0/0"] },
    { protocol: "esp", port: null, peers: ["10.0.0.0/8"] },
    { protocol: "gre", port: null, peers: ["10.0.0.0/8"] },
    { protocol: "tcp", port: "443", peers: ["::/0"] },
  ],
  outbound: [{ protocol: "udp", port: "53", peers: ["198.19.0.53/32"] }],
};

/** Lines of one chain, without its braces. */
function chain(script: string, name: string): string[] {
  const [, body = ""] = script.split(`chain ${name} {\n`);
  return (body.split("}\n")[0] ?? "").trim().split(/\n\s*/);
}

const nft = spawnSync("nft", ["list", "tables"]).status === 0;

describe("the packet filters of hosts", () => {
  it("leave a host without a firewall open", () => {
    expect(chain(renderFirewall(PLACE, [OPEN]), "in_198_18_0_10")).toEqual(["accept"]);
  });

  it("drop everything inbound, nothing outbound, for a firewall without rules", () => {
    const script = renderFirewall(PLACE, [CLOSED]);
    expect(chain(script, "in_198_18_0_11")).toEqual(["counter drop"]);
    expect(chain(script, "out_198_18_0_11")).toEqual(["accept"]);
  });

  it("permit what the rules say, for IPv4 peers only", () => {
    const script = renderFirewall(PLACE, [RULES]);
    expect(chain(script, "in_198_18_1_12")).toEqual([
      "ip saddr 198.19.255.254/32 tcp dport 22 accept",
      "ip saddr 10.0.0.0/8 tcp dport 22 accept",
      "tcp dport 1024-5000 accept",
      "ip saddr 10.0.0.0/8 udp dport 1-65535 accept",
      "ip saddr 10.1.0.0/16 udp dport 1-65535 accept",
      "ip protocol icmp accept",
      "ip saddr 10.0.0.0/8 ip protocol esp accept",
      "ip saddr 10.0.0.0/8 ip protocol gre accept",
      "counter drop",
    ]);
    expect(chain(script, "out_198_18_1_12")).toEqual([
      "ip daddr 198.19.0.53/32 udp dport 53 accept",
      "counter drop",
    ]);
  });

  it("drop addresses that no server has", () => {
    const lines = chain(renderFirewall(PLACE, []), "inbound");
    expect(lines).toEqual(["ct state established,related accept", "counter drop"]);
  });

  it("send each host's packets to its own chain, without a verdict map: nft 1.0 crashes on one of nft 1.1", () => {
    const script = renderFirewall(PLACE, [OPEN, CLOSED]);
    expect(chain(script, "inbound")).toEqual([
      "ct state established,related accept",
      "ip daddr 198.18.0.10 jump in_198_18_0_10",
      "ip daddr 198.18.0.11 jump in_198_18_0_11",
      "counter drop",
    ]);
    expect(script).not.toContain("vmap");
  });

  it("name the table after the cloud", () => {
    expect(tableName("local-a1")).toBe("homeport_local_a1");
  });

  it.skipIf(!nft)("are a script that nft takes, also where no table is yet", () => {
    const script = renderFirewall(PLACE, [OPEN, CLOSED, RULES]);
    const check = spawnSync("nft", ["-c", "-f", "-"], { input: script });
    expect(check.stderr.toString()).toBe("");
    expect(check.status).toBe(0);
    expect(
      spawnSync("nft", ["-c", "-f", "-"], { input: script.replace("22 accept", "22 nonsense") }).status,
    ).toBe(1);
  });
});
