"""The official Python client against the local cloud: lists, creates, pages, errors. Its environment names the API."""
import os

import cloudflare

client = cloudflare.Cloudflare(base_url=os.environ["CLOUDFLARE_BASE_URL"], max_retries=0)
assert client.user.tokens.verify().status == "active"
zone = client.zones.list(name="mxcorre.com").result[0]
assert client.zones.get(zone_id=zone.id).name == "mxcorre.com"

made = [
    client.dns.records.create(zone_id=zone.id, type="TXT", name=f"py{i}.mxcorre.com", content=f'"{i}"', ttl=300)
    for i in range(7)
]
names = {record.name for record in client.dns.records.list(zone_id=zone.id, type="TXT", per_page=5)}
assert {record.name for record in made} <= names, names

try:
    client.dns.records.create(zone_id=zone.id, type="A", name="bad.mxcorre.com", content="not an address", ttl=300)
    raise SystemExit("a bad address was taken")
except cloudflare.BadRequestError as error:
    assert error.body["errors"][0]["code"] == 9005, error.body

changed = client.dns.records.edit(made[0].id, zone_id=zone.id, type="TXT", name="py0.mxcorre.com", content='"changed"', ttl=300)
assert changed.content == '"changed"'
for record in made:
    client.dns.records.delete(record.id, zone_id=zone.id)
try:
    client.dns.records.get(made[0].id, zone_id=zone.id)
    raise SystemExit("a deleted record is still there")
except cloudflare.NotFoundError:
    pass

assert client.zones.settings.get("ssl", zone_id=zone.id).id == "ssl"
assert client.ips.list().ipv4_cidrs
try:
    cloudflare.Cloudflare(base_url=os.environ["CLOUDFLARE_BASE_URL"], api_token="x" * 40, max_retries=0).zones.list()
    raise SystemExit("a wrong token was taken")
except cloudflare.APIStatusError as error:
    assert 400 <= error.status_code < 500
