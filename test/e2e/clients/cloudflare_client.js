// The official npm client against the local cloud: lists, creates, pages, errors. Its environment names the API.
"use strict";
const assert = require("node:assert/strict");
const { Cloudflare } = require("cloudflare");

async function main() {
  const client = new Cloudflare({ baseURL: process.env.CLOUDFLARE_BASE_URL, maxRetries: 0 });
  assert.equal((await client.user.tokens.verify()).status, "active");
  const [zone] = (await client.zones.list({ name: "mxcorre.com" })).result;
  assert.equal((await client.zones.get({ zone_id: zone.id })).name, "mxcorre.com");

  const made = [];
  for (let i = 0; i < 7; i++) {
    const record = {
      zone_id: zone.id,
      type: "TXT",
      name: `page${i}.mxcorre.com`,
      content: `"${i}"`,
      ttl: 300,
    };
    made.push(await client.dns.records.create(record));
  }
  const names = [];
  for await (const record of client.dns.records.list({ zone_id: zone.id, type: "TXT", per_page: 5 }))
    names.push(record.name);
  for (const record of made) assert.ok(names.includes(record.name));

  const twice = { zone_id: zone.id, type: "TXT", name: "page0.mxcorre.com", content: '"0"', ttl: 300 };
  await assert.rejects(
    client.dns.records.create(twice),
    (error) => error.status === 400 && error.errors[0].code === 81058,
  );
  await assert.rejects(
    client.dns.records.get("0".repeat(32), { zone_id: zone.id }),
    (error) => error.status === 404,
  );
  for (const record of made) await client.dns.records.delete(record.id, { zone_id: zone.id });

  const ssl = await client.zones.settings.get("ssl", { zone_id: zone.id });
  assert.equal(ssl.id, "ssl");
  await assert.rejects(
    client.zones.settings.edit("ssl", { zone_id: zone.id, value: "sometimes" }),
    (e) => e.status === 400,
  );
  assert.ok((await client.ips.list()).ipv4_cidrs.length > 0);
  const stranger = new Cloudflare({
    baseURL: process.env.CLOUDFLARE_BASE_URL,
    apiToken: "x".repeat(40),
    maxRetries: 0,
  });
  await assert.rejects(stranger.zones.list(), (error) => error.status >= 400 && error.status < 500);
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
