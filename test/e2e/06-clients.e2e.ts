import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { must, sh } from "./support/cloud";

const PACKAGES = ["hcloud==2.27.0", "cloudflare==5.9.0"];
const folder = mkdtempSync(join(tmpdir(), "homeport-clients-"));
const python = join(folder, "bin", "python");

describe("officially published clients", () => {
  beforeAll(async () => {
    const install = "apt-get -qq update && DEBIAN_FRONTEND=noninteractive apt-get -qq install -y";
    if ((await sh("python3", "-c", "import ensurepip")).code !== 0)
      await must("sh", "-c", `${install} python3-venv`);
    await must("python3", "-m", "venv", folder);
    await must(python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", ...PACKAGES);
    if (!existsSync("/usr/bin/hcloud")) {
      await must("sh", "-c", `${install} hcloud-cli`);
    }
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it.each([
    ["hcloud, the command line", "bash", "test/e2e/clients/hcloud.sh"],
    ["hcloud for Python", python, "test/e2e/clients/hcloud_client.py"],
    ["cloudflare for Python", python, "test/e2e/clients/cloudflare_client.py"],
    ["cloudflare for Node", "node", "test/e2e/clients/cloudflare_client.js"],
  ])("%s gets true answers", async (_, command, script) => {
    const result = await sh(command, script);
    expect(result.code, result.output).toBe(0);
  });
});
