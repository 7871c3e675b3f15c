import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { certRequest } from "../../local-cloud/plugins/tls/cert-request";
import { locallySignedCert, selfSignedCert } from "../../local-cloud/plugins/tls/certificates";
import { getPublicKey, privateKey } from "../../local-cloud/plugins/tls/private-key";
import * as tables from "../../local-cloud/plugins/tls/tables";
import { checkResource, diffResource } from "../../local-cloud/plugins/lib/lifecycle";
import { recordedContext } from "../support/plugin-context";
import { inputDifferences } from "../support/published-inputs";

let dir: string;
beforeAll(() => void (dir = mkdtempSync(join(tmpdir(), "plugin-tls-"))));
afterAll(() => rmSync(dir, { recursive: true }));

const context = recordedContext();

function write(name: string, text: string): string {
  const path = join(dir, name);
  writeFileSync(path, text, { mode: 0o600 });
  return path;
}

const run = (program: string, ...args: string[]): string =>
  execFileSync(program, args, { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });

const SPECS = [
  { algorithm: "RSA", rsaBits: 2048 },
  { algorithm: "ECDSA", ecdsaCurve: "P256" },
  { algorithm: "ECDSA", ecdsaCurve: "P384" },
  { algorithm: "ECDSA", ecdsaCurve: "P521" },
  { algorithm: "ED25519" },
] as const;

async function keyPem(): Promise<string> {
  return (await privateKey.create({ algorithm: "ECDSA", ecdsaCurve: "P256" }, context)).outputs.privateKeyPem;
}

describe("tables", () => {
  it.each([
    ["privateKey.d.ts", "PrivateKeyArgs", tables.privateKeyInputs],
    ["certRequest.d.ts", "CertRequestArgs", tables.certRequestInputs],
    ["selfSignedCert.d.ts", "SelfSignedCertArgs", tables.selfSignedCertInputs],
    ["locallySignedCert.d.ts", "LocallySignedCertArgs", tables.locallySignedCertInputs],
    ["getPublicKey.d.ts", "GetPublicKeyArgs", tables.getPublicKeyInputs],
    ["provider.d.ts", "ProviderArgs", tables.providerConfig],
  ])("have exactly the inputs of %s", (file, name, table) => {
    expect(inputDifferences("@pulumi/tls", file, name, table)).toEqual([]);
  });
});

describe("PrivateKey", () => {
  it.each(SPECS)("makes a key that OpenSSH and openssl read: %o", async (spec) => {
    const { outputs } = await privateKey.create(spec, context);

    const openssh = write("key", outputs.privateKeyOpenssh);
    expect(run("ssh-keygen", "-y", "-f", openssh).trim()).toBe(outputs.publicKeyOpenssh.trim());
    const shown = (hash: string): string =>
      run("ssh-keygen", "-l", "-E", hash, "-f", openssh).split(" ")[1] ?? "";
    expect(shown("sha256")).toBe(outputs.publicKeyFingerprintSha256);
    expect(shown("md5")).toBe(`MD5:${outputs.publicKeyFingerprintMd5}`);
    for (const pem of [outputs.privateKeyPem, outputs.privateKeyPemPkcs8]) {
      expect(run("openssl", "pkey", "-pubout", "-in", write("pem", pem))).toBe(outputs.publicKeyPem);
    }
    expect(outputs.publicKeyOpenssh).toMatch(/^[^ ]+ [^ ]+\n$/);
    expect(outputs.privateKeyPemPkcs8).toMatch(/^-----BEGIN PRIVATE KEY-----\n/);
  });

  it("makes a P224 key by default for ECDSA, which OpenSSH does not know", async () => {
    const { outputs } = await privateKey.create({ algorithm: "ECDSA" }, context);

    expect(outputs).toMatchObject({
      ecdsaCurve: "P224",
      rsaBits: 2048,
      privateKeyOpenssh: "",
      publicKeyOpenssh: "",
    });
    expect(run("openssl", "pkey", "-text", "-noout", "-in", write("pem", outputs.privateKeyPem))).toContain(
      "secp224r1",
    );
  });

  it("is replaced by another algorithm, not by its default written out", () => {
    const state = { algorithm: "RSA", rsaBits: 2048, ecdsaCurve: "P224" };
    const diff = (news: object): unknown =>
      diffResource(privateKey, "id", state, { algorithm: "RSA" }, { ...news }, []);

    expect(diff({ algorithm: "RSA", rsaBits: 2048 })).toEqual([]);
    expect(diff({ algorithm: "RSA", rsaBits: 4096 })).toEqual([
      { path: "rsaBits", kind: "add", replaces: true },
    ]);
    expect(diff({ algorithm: "ED25519" })).toEqual([{ path: "algorithm", kind: "update", replaces: true }]);
  });

  it("refuses other algorithms", () => {
    const { failures } = checkResource(privateKey, {}, { algorithm: "DSA" }, "key");

    expect(failures).toEqual([{ property: "algorithm", reason: "must be one of RSA, ECDSA, ED25519" }]);
  });

  it("gives the same public key from the private one", async () => {
    const { id, outputs } = await privateKey.create({ algorithm: "ED25519" }, context);

    for (const args of [
      { privateKeyOpenssh: outputs.privateKeyOpenssh },
      { privateKeyPem: outputs.privateKeyPem },
    ]) {
      const result = await getPublicKey.invoke(args, context);
      expect(result).toMatchObject({ id, algorithm: "ED25519", publicKeyOpenssh: outputs.publicKeyOpenssh });
    }
  });
});

describe("CertRequest", () => {
  it.each(SPECS)("makes a request that openssl verifies: %o", async (spec) => {
    const key = await privateKey.create(spec, context);
    const { outputs } = await certRequest.create(
      {
        privateKeyPem: key.outputs.privateKeyPem,
        subject: { commonName: "mxcorre.com", organization: "Größe" },
        dnsNames: ["mxcorre.com", "*.mxcorre.com"],
        ipAddresses: ["198.18.0.10", "2001:db8::1"],
      },
      context,
    );

    const path = write("request.pem", outputs.certRequestPem);
    const shown = run("openssl", "req", "-in", path, "-verify", "-noout", "-text", "-nameopt", "utf8");
    expect(shown).toContain("CN=mxcorre.com");
    expect(shown).toContain("O=Größe");
    expect(shown).toContain(
      "DNS:mxcorre.com, DNS:*.mxcorre.com, IP Address:198.18.0.10, IP Address:2001:DB8:0:0:0:0:0:1",
    );
    expect(run("openssl", "req", "-in", path, "-noout", "-pubkey")).toBe(key.outputs.publicKeyPem);
    expect(outputs.keyAlgorithm).toBe(spec.algorithm);
  });

  it("wants one key and real addresses", () => {
    const { failures } = checkResource(certRequest, {}, { ipAddresses: ["here"] }, "request");

    expect(failures.map(({ property }) => property)).toEqual(["privateKeyPem", "ipAddresses[0]"]);
  });

  it("does not keep a write-only key", async () => {
    const { outputs } = await certRequest.create({ privateKeyPemWo: await keyPem() }, context);

    expect(JSON.stringify(outputs)).not.toContain("PRIVATE KEY");
  });
});

describe("certificates", () => {
  const authority = { subject: { commonName: "Root" }, isCaCertificate: true, allowedUses: ["cert_signing"] };

  it("form a chain that openssl verifies", async () => {
    const caKey = await keyPem();
    const ca = await selfSignedCert.create(
      { ...authority, privateKeyPem: caKey, validityPeriodHours: 48 },
      context,
    );
    const request = await certRequest.create(
      { privateKeyPem: await keyPem(), subject: { commonName: "app" }, dnsNames: ["app.test"] },
      context,
    );
    const leaf = await locallySignedCert.create(
      {
        caCertPem: ca.outputs.certPem,
        caPrivateKeyPem: caKey,
        certRequestPem: request.outputs.certRequestPem,
        validityPeriodHours: 24,
        allowedUses: ["digital_signature", "key_encipherment", "server_auth"],
      },
      context,
    );

    const [root, certificate] = [
      write("ca.pem", ca.outputs.certPem),
      write("leaf.pem", leaf.outputs.certPem),
    ];
    const verified = run(
      "openssl",
      "verify",
      "-x509_strict",
      "-purpose",
      "sslserver",
      "-verify_hostname",
      "app.test",
      "-CAfile",
      root,
      certificate,
    );
    expect(verified).toContain(": OK");
    const shown = run("openssl", "x509", "-in", certificate, "-noout", "-text");
    expect(shown).toMatch(/Key Usage: critical\s+Digital Signature, Key Encipherment\n/);
    expect(shown).toMatch(/Basic Constraints: critical\s+CA:FALSE/);
    expect(shown).toContain("Authority Key Identifier");
    expect(
      BigInt(`0x${run("openssl", "x509", "-in", certificate, "-noout", "-serial").trim().split("=")[1]}`),
    ).toBe(BigInt(leaf.id));
    expect(leaf.outputs).toMatchObject({
      readyForRenewal: false,
      earlyRenewalHours: 0,
      caKeyAlgorithm: "ECDSA",
    });
  });

  it("are replaced when renewal is due, by `up` and after a refresh", async () => {
    const inputs = { ...authority, privateKeyPem: await keyPem(), validityPeriodHours: 24 };
    const { id, outputs } = await selfSignedCert.create(inputs, context);
    const diff = (news: object): unknown =>
      diffResource(selfSignedCert, id, { ...outputs }, inputs, { ...inputs, ...news }, []);

    expect(diff({})).toEqual([]);
    expect(diff({ earlyRenewalHours: 2 })).toEqual([
      { path: "earlyRenewalHours", kind: "add", replaces: false },
    ]);
    expect(diff({ earlyRenewalHours: 24 })).toContainEqual({
      path: "readyForRenewal",
      kind: "update",
      replaces: true,
    });
    const read = await selfSignedCert.read?.(id, { ...outputs, earlyRenewalHours: 24 }, context);
    expect(read?.outputs.readyForRenewal).toBe(true);
  });

  it("refuse uses that do not exist", async () => {
    const news = {
      ...authority,
      allowedUses: ["world_domination"],
      privateKeyPem: "x",
      validityPeriodHours: -1,
    };
    const { failures } = checkResource(selfSignedCert, {}, news, "certificate");

    expect(failures.map(({ property }) => property)).toEqual(["allowedUses[0]", "validityPeriodHours"]);
  });

  it("never show a key that cannot be read", () => {
    expect(() =>
      selfSignedCert.create({ ...authority, privateKeyPem: "hunter2", validityPeriodHours: 1 }, context),
    ).toThrow("privateKeyPem: must be an unencrypted private key in PEM format");
  });
});
