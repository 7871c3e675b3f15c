import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { capabilityOptions } from "../../local-cloud/hosts/capabilities";
import { plainUserData, seedFiles } from "../../local-cloud/hosts/seed";

const SPEC = {
  ...{ id: 7, hostname: "web.example.com", address: "198.18.0.10", snapshot: null, cores: 2, memory: 4 },
  ...{ publicKeys: ["ssh-ed25519 AAAA 'quoted' \"comment\""], userData: "#cloud-config\n" },
};
const CONFIG = "#cloud-config\nruncmd: [touch /root/ä]\n";

describe("the seed of a host", () => {
  it("tells cloud-init who it is and whom root knows", () => {
    const files = seedFiles(SPEC, "198.19.0.53", null);
    expect(parse(files["var/lib/cloud/seed/nocloud/meta-data"] ?? "")).toEqual({
      ...{ "instance-id": "i-7", "local-hostname": "web.example.com", "public-keys": SPEC.publicKeys },
    });
    expect(files["etc/resolv.conf.seed"]).toBe("nameserver 198.19.0.53\n");
    expect(files["etc/hosts.seed"]).toContain("127.0.1.1 web.example.com web\n");
    expect(files["etc/ca.seed"]).toBeUndefined();
  });

  it("brings the local cloud's CA", () => {
    expect(seedFiles(SPEC, "198.19.0.53", "PEM")["etc/ca.seed"]).toBe("PEM");
  });

  it.each([
    ["plain", CONFIG],
    ["base64", Buffer.from(CONFIG).toString("base64")],
    [
      "base64 in lines",
      Buffer.from(CONFIG)
        .toString("base64")
        .replace(/(.{20})/g, "$1\n"),
    ],
    ["gzip in base64", gzipSync(CONFIG).toString("base64")],
  ])("takes user data as %s", (_name, sent) => {
    expect(plainUserData(sent)).toBe(CONFIG);
  });

  it("is empty without user data", () => {
    expect(plainUserData(null)).toBe("");
  });
});

describe("capabilities of a host", () => {
  it("are all but the clock's and the modules', and those that Docker itself lacks", () => {
    expect(capabilityOptions(2n ** 40n - 1n)).toEqual([
      "--cap-add=ALL",
      "--cap-drop=SYS_TIME",
      "--cap-drop=SYS_MODULE",
    ]);
    expect(capabilityOptions((2n ** 40n - 1n) ^ (1n << 24n))).toContain("--cap-drop=SYS_RESOURCE");
  });
});
