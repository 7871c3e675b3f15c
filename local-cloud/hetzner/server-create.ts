import { randomBytes } from "node:crypto";
import { z } from "zod";
import type { HostSpec } from "../hosts/hosts";
import { datacenters, locations, serverType, serverTypes, type ServerType } from "./catalog";
import { BOOTABLE, machineArchitecture, systemImages } from "./catalog-images";
import { created, type Answer, type Context } from "./context";
import { ApiError, invalidField, refused, unsupported } from "./errors";
import * as input from "./input";
import { byId, byIdOrName } from "./listing";
import { makePrimaryIp } from "./primary-ips";
import type { PrimaryIp, Server } from "./types";
import { addressOf, serverView } from "./views";

/** "This field is limited to 32KiB." */
const MAX_USER_DATA = 32 * 1024;
const MAX_PER_GROUP = 10;

export const userData = z
  .string()
  .refine((text) => Buffer.byteLength(text) <= MAX_USER_DATA, "Length must be between 0 and 32768.");

const creation = z.object({
  name: input.hostname,
  server_type: input.idOrName,
  image: input.idOrName,
  location: input.idOrName.optional(),
  datacenter: input.idOrName.optional(),
  ssh_keys: z.array(input.idOrName).default([]),
  user_data: userData.nullish(),
  labels: input.labels.default({}),
  firewalls: z.array(z.object({ firewall: input.id })).default([]),
  placement_group: input.id.nullish(),
  start_after_create: z.boolean().default(true),
  volumes: z.array(input.id).default([]),
  networks: z.array(input.id).default([]),
  automount: z.boolean().nullish(),
  public_net: z
    .object({
      enable_ipv4: z.boolean().default(true),
      enable_ipv6: z.boolean().default(true),
      ipv4: input.id.nullish(),
      ipv6: input.id.nullish(),
    })
    .prefault({}),
});
type Wanted = z.infer<typeof creation>;

/** Docker's name of a snapshot. */
export function imageTag({ settings }: Context, id: number): string {
  return `${settings.prefix}-image:${id}`;
}

/** The snapshot's copy goes after the answer; one that stays behind goes with the cloud. */
export function forgetImage(context: Context, id: number): void {
  context.hosts.removeImage(imageTag(context, id)).catch(() => undefined);
}

export interface Disk {
  id: number;
  disk_size: number;
  architecture: "x86" | "arm";
}

/** An image that a server of this type can boot here, by id or name. */
export function bootable({ state }: Context, key: string | number, type: ServerType): Disk {
  const own = state.images.find((one) => String(one.id) === String(key));
  const named = systemImages.filter((one) => String(one.id) === String(key) || one.name === key);
  const image = own ?? named.find((one) => one.architecture === type.architecture) ?? named[0];
  if (!image) throw invalidField("image", "image not found");
  if (image.architecture !== type.architecture) {
    throw invalidField("image", "image is incompatible with the architecture of the server type");
  }
  if (!own && image.name !== BOOTABLE) {
    throw unsupported(`image ${image.name}: fix: use ${BOOTABLE}, the only system image that boots here`);
  }
  if (own && own.status !== "available") throw refused("image_not_ready", "image is not available");
  if (image.architecture !== machineArchitecture)
    throw unsupported(`${image.architecture} servers on this machine`);
  return image;
}

/** Everything that `hosts` needs to make the server's machine. */
export function hostSpec(context: Context, server: Server): HostSpec {
  const type = serverType(server.server_type);
  const snapshot = context.state.images.some((one) => one.id === server.image);
  return {
    id: server.id,
    hostname: server.name,
    address: addressOf(context.state, server, "ipv4")?.ip ?? null,
    snapshot: snapshot && server.image ? imageTag(context, server.image) : null,
    cores: type.cores,
    memory: type.memory,
    publicKeys: server.public_keys,
    userData: server.user_data,
  };
}

/** The location that the body names, also by its one datacenter. */
function namedPlace({ location, datacenter }: Wanted): string | number | undefined {
  if (datacenter === undefined) return location;
  if (location !== undefined) throw invalidField("location", "must not be used together with datacenter");
  const found = byIdOrName(datacenters, datacenter);
  if (!found) throw invalidField("datacenter", "datacenter not found");
  return found.location.name;
}

function placeOf(wanted: Wanted, type: ServerType): string {
  const place = byIdOrName(locations, namedPlace(wanted) ?? type.locations[0]?.name ?? "");
  if (!place) throw invalidField("location", "location not found");
  if (!type.locations.some((one) => one.name === place.name)) {
    throw invalidField("location", "unsupported location for server type");
  }
  return place.name;
}

function chosenIp(context: Context, type: "ipv4" | "ipv6", id: number, place: string): PrimaryIp {
  const ip = byId(context.state.primary_ips, id, "primary_ip");
  if (ip.type !== type)
    throw new ApiError(412, "primary_ip_version_mismatch", `primary ip is not of type ${type}`);
  if (ip.assignee_id !== null)
    throw refused("primary_ip_assigned", "primary ip is already assigned to a server");
  if (ip.location !== place) {
    throw refused("primary_ip_datacenter_mismatch", "primary ip is in a different datacenter");
  }
  return ip;
}

function publicKeys({ state }: Context, wanted: Wanted): string[] {
  return wanted.ssh_keys.map((key) => {
    const found = byIdOrName(state.ssh_keys, key);
    if (!found) throw invalidField("ssh_keys", "ssh key not found");
    return found.public_key;
  });
}

function assertRoom({ state }: Context, id: number): void {
  const group = byId(state.placement_groups, id, "placement_group");
  const members = state.servers.filter((server) => server.placement_group === group.id).length;
  if (members >= MAX_PER_GROUP) throw refused("placement_error", "placement group has 10 servers already");
}

/** All checks of a creation, before anything is changed. */
function check(
  context: Context,
  wanted: Wanted,
): { type: ServerType; place: string; disk: Disk; keys: string[] } {
  const { state } = context;
  const type = byIdOrName(serverTypes, wanted.server_type);
  if (!type) throw invalidField("server_type", "server type not found");
  const place = placeOf(wanted, type);
  const disk = bootable(context, wanted.image, type);
  if (disk.disk_size > type.disk)
    throw invalidField("image", "image is larger than the disk of the server type");
  const keys = publicKeys(context, wanted);
  input.assertUnique(state.servers, "server", wanted.name);
  if (wanted.volumes.length > 0) throw unsupported("volumes attached to servers");
  if (wanted.networks.length > 0) throw unsupported("private networks of servers");
  if (wanted.placement_group) assertRoom(context, wanted.placement_group);
  const firewalls = wanted.firewalls.map(({ firewall }) => byId(state.firewalls, firewall, "firewall"));
  if (new Set(firewalls).size < firewalls.length)
    throw refused("server_already_added", "firewall was added twice");
  if (firewalls.length > 5) throw invalidField("firewalls", "a server can have 5 firewalls at most");
  const { enable_ipv4, enable_ipv6 } = wanted.public_net;
  if (!enable_ipv4 && !enable_ipv6)
    throw invalidField("public_net", "a server needs a public or a private network");
  return { type, place, disk, keys };
}

/** The addresses of the new server: the ones named, or new ones that go with it. */
function giveAddresses(context: Context, wanted: Wanted, server: Server): void {
  const net = wanted.public_net;
  const named = (["ipv4", "ipv6"] as const).flatMap((type) => {
    if (!net[`enable_${type}`]) return [];
    const id = net[type];
    return [{ type, ip: id ? chosenIp(context, type, id, server.location) : undefined }];
  });
  for (const { type, ip } of named) {
    const given = ip ?? makePrimaryIp(context, { type, location: server.location, auto_delete: true });
    given.assignee_id = server.id;
  }
}

/** Boots the server's machine behind its filters; the state decides the power at that time. */
export async function boot(context: Context, server: Server, after: Promise<unknown>): Promise<void> {
  await after;
  await context.firewalls.apply();
  await context.hosts.create(hostSpec(context, server));
}

/** `POST /servers`. `removals` resolves when former hosts are gone, whose addresses the new one may get. */
export function createServer(context: Context, body: unknown, removals: () => Promise<unknown>): Answer {
  const { state, actions } = context;
  const wanted = input.parse(creation, body);
  const { type, place, disk, keys } = check(context, wanted);
  const server: Server = {
    ...input.stamp(state, context.now),
    ...{ name: wanted.name, labels: wanted.labels, status: "initializing", locked: false },
    ...{ server_type: type.name, location: place, image: disk.id, primary_disk_size: type.disk },
    ...{ backup_window: null, protection: { delete: false, rebuild: false } },
    ...{
      placement_group: wanted.placement_group ?? null,
      public_keys: keys,
      user_data: wanted.user_data ?? null,
    },
  };
  giveAddresses(context, wanted, server);
  state.servers.push(server);
  for (const { firewall } of wanted.firewalls) {
    byId(state.firewalls, firewall, "firewall").applied_to.push({
      type: "server",
      server: { id: server.id },
    });
  }
  const password = keys.length === 0 ? randomBytes(12).toString("base64url") : null;
  const resources = [{ id: server.id, type: "server" }];
  const action = actions.start({
    command: "create_server",
    resources,
    locks: server,
    work: async () => {
      if (!wanted.start_after_create) return context.firewalls.apply();
      await boot(context, server, removals());
      if (password !== null) await context.hosts.setRootPassword(server.id, password);
    },
    done: () => (server.status = wanted.start_after_create ? "running" : "off"),
    failed: () => (server.status = "off"),
  });
  return created({ server: serverView(state, server), action, next_actions: [], root_password: password });
}
