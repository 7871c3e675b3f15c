/** What the stand-in keeps, in the API's own field names; `views.ts` makes the API's full objects of it. */

export type Labels = Record<string, string>;

export interface ResourceRef {
  id: number;
  type: string;
}

export interface Action {
  id: number;
  command: string;
  status: "running" | "success" | "error";
  progress: number;
  started: string;
  finished: string | null;
  resources: ResourceRef[];
  error: { code: string; message: string } | null;
}

/** What every kept resource has. */
export interface Resource {
  id: number;
  name: string;
  labels: Labels;
  created: string;
}

export interface SshKey extends Resource {
  fingerprint: string;
  public_key: string;
}

export interface DnsPtr {
  ip: string;
  dns_ptr: string;
}

export interface PrimaryIp extends Resource {
  type: "ipv4" | "ipv6";
  /** An address, or the /64 network of an IPv6 block in CIDR notation. */
  ip: string;
  location: string;
  assignee_id: number | null;
  auto_delete: boolean;
  dns_ptr: DnsPtr[];
  protection: { delete: boolean };
}

export interface FirewallRule {
  direction: "in" | "out";
  protocol: "tcp" | "udp" | "icmp" | "esp" | "gre";
  port: string | null;
  source_ips: string[];
  destination_ips: string[];
  description: string | null;
}

export type FirewallTarget =
  | { type: "server"; server: { id: number } }
  | { type: "label_selector"; label_selector: { selector: string } };

export interface Firewall extends Resource {
  rules: FirewallRule[];
  applied_to: FirewallTarget[];
}

export type ServerStatus =
  | "running"
  | "initializing"
  | "starting"
  | "stopping"
  | "off"
  | "deleting"
  | "migrating"
  | "rebuilding"
  | "unknown";

export interface Server extends Resource {
  status: ServerStatus;
  locked: boolean;
  server_type: string;
  location: string;
  image: number | null;
  primary_disk_size: number;
  backup_window: string | null;
  protection: { delete: boolean; rebuild: boolean };
  placement_group: number | null;
  /** What cloud-init gets: the keys as they were when the server was made, and user data as sent. */
  public_keys: string[];
  user_data: string | null;
}

/** A snapshot or backup; system images are in the catalog. */
export interface OwnImage extends Resource {
  type: "snapshot" | "backup";
  status: "creating" | "available";
  description: string;
  image_size: number | null;
  disk_size: number;
  created_from: { id: number; name: string };
  bound_to: number | null;
  os_flavor: string;
  os_version: string | null;
  architecture: "x86" | "arm";
  protection: { delete: boolean };
}

export interface Subnet {
  type: "cloud" | "server" | "vswitch";
  ip_range: string;
  network_zone: string;
  gateway: string;
  vswitch_id: number | null;
}

export interface Network extends Resource {
  ip_range: string;
  subnets: Subnet[];
  routes: { destination: string; gateway: string }[];
  protection: { delete: boolean };
  expose_routes_to_vswitch: boolean;
}

export interface Volume extends Resource {
  size: number;
  location: string;
  format: string | null;
  protection: { delete: boolean };
}

export interface PlacementGroup extends Resource {
  type: "spread";
}

export interface State {
  next_id: number;
  /** Hosts addresses are given out in turn, so that an address seldom comes back at once. */
  next_address: number;
  actions: Action[];
  ssh_keys: SshKey[];
  primary_ips: PrimaryIp[];
  firewalls: Firewall[];
  servers: Server[];
  images: OwnImage[];
  networks: Network[];
  volumes: Volume[];
  placement_groups: PlacementGroup[];
}
