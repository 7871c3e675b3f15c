import { datacenters, location, serverType } from "./catalog";
import { systemImages, type SystemImage } from "./catalog-images";
import { firewallsOf } from "./firewall-sync";
import type { Firewall, Network, OwnImage, PlacementGroup, PrimaryIp, Server, State, Volume } from "./types";

type View = Record<string, unknown>;

/** An image as `GET /images` lists it. */
export function ownImageView(image: OwnImage): View {
  const { name: _none, ...rest } = image;
  return { ...rest, name: null, rapid_deploy: false, deprecated: null, deleted: null };
}

export function imageView(state: State, id: number | null): SystemImage | View | null {
  const own = state.images.find((one) => one.id === id);
  return own ? ownImageView(own) : (systemImages.find((one) => one.id === id) ?? null);
}

function datacenterOf(place: string): (typeof datacenters)[number] | undefined {
  return datacenters.find((one) => one.location.name === place);
}

export function primaryIpView(ip: PrimaryIp): View {
  return {
    ...ip,
    assignee_type: "server",
    blocked: false,
    location: location(ip.location),
    datacenter: datacenterOf(ip.location),
  };
}

export function addressOf(state: State, server: Server, type: "ipv4" | "ipv6"): PrimaryIp | undefined {
  return state.primary_ips.find((ip) => ip.assignee_id === server.id && ip.type === type);
}

export function placementGroupView(state: State, group: PlacementGroup): View {
  const servers = state.servers.filter((server) => server.placement_group === group.id);
  return { ...group, servers: servers.map((server) => server.id) };
}

function publicNet(state: State, server: Server): View {
  const ipv4 = addressOf(state, server, "ipv4");
  const ipv6 = addressOf(state, server, "ipv6");
  return {
    ipv4: ipv4 ? { id: ipv4.id, ip: ipv4.ip, blocked: false, dns_ptr: ipv4.dns_ptr[0]?.dns_ptr ?? "" } : null,
    ipv6: ipv6 ? { id: ipv6.id, ip: ipv6.ip, blocked: false, dns_ptr: ipv6.dns_ptr } : null,
    floating_ips: [],
    firewalls: firewallsOf(state, server).map((firewall) => ({ id: firewall.id, status: "applied" })),
  };
}

export function serverView(state: State, server: Server): View {
  const group = state.placement_groups.find((one) => one.id === server.placement_group);
  return {
    ...{ id: server.id, name: server.name, status: server.status, created: server.created },
    public_net: publicNet(state, server),
    private_net: [],
    server_type: serverType(server.server_type),
    datacenter: datacenterOf(server.location),
    location: location(server.location),
    image: imageView(state, server.image),
    ...{ iso: null, rescue_enabled: false, locked: server.locked, backup_window: server.backup_window },
    ...{ outgoing_traffic: 0, ingoing_traffic: 0, included_traffic: 20 * 1024 ** 4 },
    ...{ protection: server.protection, labels: server.labels, volumes: [], load_balancers: [] },
    primary_disk_size: server.primary_disk_size,
    placement_group: group ? placementGroupView(state, group) : null,
  };
}

export function firewallView(state: State, firewall: Firewall): View {
  const applied = firewall.applied_to.map((target) => {
    if (target.type === "server") return target;
    const alone = { ...state, firewalls: [{ ...firewall, applied_to: [target] }] };
    const matched = state.servers.filter((server) => firewallsOf(alone, server).length > 0);
    return {
      ...target,
      applied_to_resources: matched.map((server) => ({ type: "server", server: { id: server.id } })),
    };
  });
  return { ...firewall, applied_to: applied };
}

export function networkView(network: Network): View {
  return { ...network, servers: [], load_balancers: [] };
}

export function volumeView(volume: Volume): View {
  return {
    ...volume,
    location: location(volume.location),
    linux_device: `/dev/disk/by-id/scsi-0HC_Volume_${volume.id}`,
    ...{ server: null, status: "available" },
  };
}
