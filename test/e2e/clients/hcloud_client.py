"""PyPI's `hcloud` against a local cloud: HCLOUD_ENDPOINT and HCLOUD_TOKEN from `npm run -s local:env`.

Run it with a Python that has `pip install hcloud`. Makes its own resources and removes them at the end.
"""

import os
import subprocess
import sys
import tempfile

from hcloud import APIException, Client
from hcloud.actions import ActionFailedException
from hcloud.firewalls import FirewallResource, FirewallResourceLabelSelector, FirewallRule
from hcloud.images import Image
from hcloud.locations import Location
from hcloud.server_types import ServerType
from hcloud.servers import ServerCreatePublicNetwork

NAME = "python-test"
client = Client(
    token=os.environ["HCLOUD_TOKEN"], api_endpoint=os.environ["HCLOUD_ENDPOINT"], poll_interval=0.05
)


def refuses(code, call):
    """The call fails with the API's error code; returns the error."""
    try:
        call()
    except APIException as error:
        assert error.code == code, f"wanted {code}, got {error.code}: {error.message}"
        return error
    raise AssertionError(f"wanted {code}, got no error")


def public_key():
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", f"{folder}/key"], check=True)
        with open(f"{folder}/key.pub", encoding="utf8") as file:
            return file.read()


def cleanup():
    for server in client.servers.get_all(label_selector=f"test={NAME}"):
        client.servers.delete(server).wait_until_finished()
    for kind in (client.firewalls, client.ssh_keys, client.primary_ips, client.networks):
        for item in kind.get_all(label_selector=f"test={NAME}"):
            if kind is client.firewalls and item.applied_to:
                for action in item.remove_from_resources(item.applied_to):
                    action.wait_until_finished()
            item.delete()


def catalog():
    assert {"fsn1", "nbg1", "hel1"} <= {one.name for one in client.locations.get_all()}
    cx23 = client.server_types.get_by_name("cx23")
    assert (cx23.cores, cx23.memory, cx23.disk, cx23.architecture) == (2, 4, 40, "x86")
    image = client.images.get_by_name_and_architecture("debian-13", "x86")
    assert image.type == "system" and image.os_flavor == "debian"
    assert client.datacenters.get_all() and client.isos.get_all() and client.load_balancer_types.get_all()
    assert client.servers.get_by_name("nobody") is None


def paging():
    labels = {"test": NAME}
    for number in range(30):
        client.networks.create(name=f"{NAME}-{number}", ip_range="10.0.0.0/16", labels=labels)
    page = client.networks.get_list(label_selector=f"test={NAME}", page=2, per_page=20)
    assert len(page.networks) == 10 and page.meta.pagination.total_entries == 30
    assert page.meta.pagination.next_page is None and page.meta.pagination.previous_page == 1
    found = client.networks.get_all(label_selector=f"test in ({NAME}),test!=x,!absent")
    assert len(found) == 30


def errors():
    refuses("not_found", lambda: client.servers.get_by_id(1))
    error = refuses("invalid_input", lambda: client.ssh_keys.create(name="", public_key="x"))
    assert error.details["fields"][0]["name"] == "name"
    wrong = Client(token="wrong", api_endpoint=os.environ["HCLOUD_ENDPOINT"])
    refuses("unauthorized", wrong.servers.get_all)


def servers():
    labels = {"test": NAME}
    key = client.ssh_keys.create(name=NAME, public_key=public_key(), labels=labels)
    ip = client.primary_ips.create(
        name=NAME, type="ipv4", location=Location(name="nbg1"), assignee_type="server", labels=labels
    ).primary_ip
    rules = [FirewallRule(direction="in", protocol="tcp", port="22", source_ips=["0.0.0.0/0", "::/0"])]
    firewall = client.firewalls.create(name=NAME, rules=rules, labels=labels).firewall
    answer = client.servers.create(
        name=NAME,
        server_type=ServerType(name="cx23"),
        image=Image(name="debian-13"),
        location=Location(name="nbg1"),
        ssh_keys=[key],
        firewalls=[firewall],
        labels=labels,
        public_net=ServerCreatePublicNetwork(ipv4=ip, enable_ipv6=False),
    )
    assert answer.server.status == "initializing" and answer.root_password is None
    refuses("locked", answer.server.power_off)
    answer.action.wait_until_finished()
    for action in answer.next_actions:
        action.wait_until_finished()
    server = client.servers.get_by_name(NAME)
    assert server.status == "running" and server.public_net.ipv4.ip == ip.ip and server.public_net.ipv6 is None
    assert [one.firewall.name for one in server.public_net.firewalls if one.firewall.reload() is None] == [NAME]
    assert server.location.name == "nbg1" and server.server_type.name == "cx23"
    refuses("must_be_unassigned", ip.delete)
    refuses("resource_in_use", firewall.delete)
    server.update(labels={**labels, "role": "web"})
    selector = FirewallResource(
        type="label_selector", label_selector=FirewallResourceLabelSelector(selector="role=web")
    )
    second = client.firewalls.create(name=f"{NAME}-2", labels=labels, resources=[selector]).firewall
    assert second.applied_to[0].applied_to_resources[0].server.id == server.id
    server.power_off().wait_until_finished()
    assert client.servers.get_by_id(server.id).status == "off"
    ip.unassign().wait_until_finished()
    assert client.primary_ips.get_by_name(NAME).assignee_id is None
    ip.assign(server.id, "server").wait_until_finished()
    server.power_on().wait_until_finished()
    server.change_protection(delete=True, rebuild=True).wait_until_finished()
    refuses("protected", server.delete)
    server.change_protection(delete=False, rebuild=False).wait_until_finished()
    assert len(server.get_actions()) >= 5
    server.delete().wait_until_finished()
    refuses("not_found", lambda: client.servers.get_by_id(server.id))
    assert client.primary_ips.get_by_name(NAME).assignee_id is None


try:
    cleanup()
    for part in (catalog, errors, paging, servers):
        part()
        print(part.__name__, flush=True)
except ActionFailedException as error:
    sys.exit(f"hcloud_client.py: action failed: {error}")
finally:
    cleanup()
print("hcloud_client.py: all is as it should be")
