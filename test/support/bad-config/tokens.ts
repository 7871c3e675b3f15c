import { setSecret, token, PLACEHOLDER, HETZNER, type BadConfig } from "./mistakes";

export const TOKENS: readonly BadConfig[] = [
  token("no Hetzner token", "hcloud:token", undefined, "be set", "nothing"),
  token("a token cut short", "hcloud:token", "a1".repeat(31), HETZNER, "[hidden, 62 characters]"),
  token("a token with quotes", "hcloud:token", `"${"a1".repeat(31)}"`, HETZNER, "[hidden, 64 characters]"),
  token("a token with $()", "hcloud:token", `$(${"a1".repeat(30)})`, HETZNER, "[hidden, 63 characters]"),
  token("a placeholder token", "hcloud:token", "<token>", PLACEHOLDER, "[hidden, 7 characters]"),
  {
    mistake: "a token in plain text",
    secretKeys: new Set([
      "cloudflare:apiToken",
      "homeport:operatorPrivateKey",
      "homeport:hostPrivateKey",
      "homeport:registryPassword",
      "homeport:secrets",
      "homeport:backupSecretAccessKey",
      "homeport:backupPassword",
    ]),
    message: `hcloud:token: must be encrypted, got plain text; fix: ${setSecret("hcloud:token")}, and make a new one: this one is known`,
  },
  {
    mistake: "a malformed token in the environment",
    raw: { "hcloud:token": undefined },
    env: { HCLOUD_TOKEN: "short" },
    message: `hcloud:token: must ${HETZNER}, got [hidden, 5 characters]; fix: ${setSecret("hcloud:token")}`,
  },
  token("no Cloudflare token", "cloudflare:apiToken", undefined, "be set", "nothing"),
  token(
    "a Cloudflare token with a line break",
    "cloudflare:apiToken",
    `${"b2".repeat(20)}\n`,
    "be an API token of 40 to 128 letters, digits, _ and -",
    "[hidden, 41 characters]",
  ),
];
