import { beforeAll, describe, expect, it } from "vitest";
import { houseFaults, milestone, testHost } from "../support/component-bed";
import { isSecret, openTexts, plain, recordGraph, settled } from "../support/mocks";
import { CANARY, canary } from "../support/provider-answers";

const graph = recordGraph();
const HOSTS = ["mxcorre.com", "www.mxcorre.com"];

describe("OriginTls", () => {
  beforeAll(async () => {
    const { OriginTls } = await import("../../components/origin-tls");
    new OriginTls("origin", {
      host: testHost(),
      proxy: "caddy",
      hostnames: HOSTS,
      owner: "shop-prod",
      packagesReady: milestone("packages"),
    });
    await settled();
  });

  it("is exactly a key, a request, Cloudflare's certificate and the step that installs them", () => {
    expect(graph.children("origin")).toEqual([
      "cloudflare:index/originCaCertificate:OriginCaCertificate origin-certificate",
      "command:remote:Command origin-install",
      "tls:index/certRequest:CertRequest origin-request",
      "tls:index/privateKey:PrivateKey origin-key",
    ]);
    expect(houseFaults(graph, ["origin"])).toEqual([]);
  });

  it("asks for a certificate that names every host, for a key made here (S1-23)", () => {
    expect(graph.get("origin-key").inputs).toEqual({ algorithm: "ECDSA", ecdsaCurve: "P256" });
    expect(graph.get("origin-request").inputs).toMatchObject({
      ...{ dnsNames: HOSTS, subject: { commonName: "mxcorre.com" } },
    });
    expect(graph.get("origin-certificate").inputs).toEqual({
      csr: "CSR",
      hostnames: HOSTS,
      requestType: "origin-ecc",
      requestedValidity: 5475,
    });
  });

  it("sends key and certificate by stdin alone, secret and unlogged, when the packages are there", () => {
    const { inputs, dependencies } = graph.get("origin-install");

    expect(isSecret(inputs.stdin)).toBe(true);
    const [script, input] = String(plain(inputs.stdin)).split("\n  exit\n}\n");
    expect(script).toContain("70-origin-tls.sh");
    expect(input).toMatch(/^-----BEGIN EC PRIVATE KEY-----\n[^]*-----\n\nCERTIFICATE\n$/);
    expect(input).toContain(canary("origin-key"));
    expect(inputs.logging).toBe("none");
    expect(inputs.create).toBe("sudo -n bash -s -- 'caddy' 'mxcorre.com' 'www.mxcorre.com'");
    expect(dependencies).toContain("packages");
    expect(openTexts(graph.resources.map((resource) => resource.inputs)).join()).not.toContain(CANARY);
  });
});
