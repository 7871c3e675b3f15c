import { expect } from "vitest";
import { cloudflare, visitor } from "./cloud";

export const API = "https://api.sparkling.company";
/** Where the local cloud gives a token as to a browser that has passed. */
const TURNSTILE = "https://challenges.cloudflare.com/turnstile/v0/local-token";

/** An order with a photo of random bytes, as a visitor sends it; gives the photo's address and sum. */
export async function orderWithPhoto(): Promise<{ readonly url: string; readonly sha256: string }> {
  const order = {
    name: "Ada",
    email: "ada@example.com",
    address: "1 Lane",
    scheduled_for: "2031-05-04T10:00",
  };
  const script = `set -e
    key=$(curl -sSf -m 20 https://sparkling.company/ | sed -n 's/.*data-sitekey="\\([^"]*\\)".*/\\1/p')
    token=$(curl -sSf -m 20 -H 'Origin: https://sparkling.company' "${TURNSTILE}?sitekey=$key" | cut -d'"' -f4)
    order=$(echo '${JSON.stringify(order)}' | sed "s|}|,\\"captcha_token\\":\\"$token\\"}|")
    echo "$order" >/tmp/form
    curl -sSf -m 20 -H 'Content-Type: application/json' ${API}/v1/orders -d "$order" >/tmp/order
    field() { sed -n "s/.*\\"$1\\":\\"\\([^\\"]*\\)\\".*/\\1/p" /tmp/order; }
    { printf '\\211PNG\\r\\n\\032\\n'; head -c 100000 /dev/urandom; } >/tmp/photo
    curl -sSf -m 20 -F photo=@/tmp/photo "${API}/v1/orders/$(field id)/photos?token=$(field portal_token)"`;
  const { code, stdout, output } = await visitor("sh", "-c", script);
  expect(code, output).toBe(0);
  return JSON.parse(stdout) as { url: string; sha256: string };
}

export async function sumOf(url: string): Promise<string> {
  return (await visitor("sh", "-c", `curl -sSf -m 20 '${url}' | sha256sum`)).stdout.split(" ")[0] ?? "";
}

/** As somebody does in Cloudflare's console. */
export async function weakenDmarc(): Promise<void> {
  const zones = await cloudflare<{ result: { id: string }[] }>("/zones?name=sparkling.company");
  const path = `/zones/${zones.result[0]?.id}/dns_records`;
  const name = "_dmarc.sparkling.company";
  const { result } = await cloudflare<{ result: { id: string }[] }>(`${path}?name=${name}`);
  const body = JSON.stringify({ content: '"v=DMARC1; p=none"' });
  await cloudflare(`${path}/${result[0]?.id}`, { method: "PATCH", body });
}
