import { describe, expect, it } from "vitest";
import { DOMAIN, onServer, up, urnOf, visitor } from "./support/cloud";

const SWAP = `set -e
cd /etc/homeport/proxy/tls
sudo openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 -subj /CN=${DOMAIN} \\
  -addext subjectAltName=DNS:${DOMAIN} -keyout origin.key -out origin.crt 2>/dev/null
docker exec "$(docker ps -qf label=homeport.service=proxy)" \\
  caddy reload --force --config /etc/caddy/Caddyfile --adapter caddyfile 2>/dev/null`;

async function status(): Promise<string> {
  return (
    await visitor("curl", "-sS", "-o", "/dev/null", "-w", "%{http_code}", "-m", "20", `https://${DOMAIN}/up`)
  ).stdout;
}

describe("an origin whose certificate was exchanged for a self-signed one", () => {
  it("is refused by the edge with 526, since the zone is strict (S1-19)", async () => {
    const swapped = await onServer(`sudo bash -c '${SWAP.replaceAll("'", `'\\''`)}'`);
    expect(swapped.code, swapped.output).toBe(0);
    expect(await status()).toBe("526");
  });

  it("is repaired by that step alone (S1-23)", async () => {
    const { output } = await up("--replace", await urnOf("origin-install"));
    expect(output).toMatch(/1 replaced/);
    expect(await status()).toBe("200");
  });
});
