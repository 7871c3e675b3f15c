import { locations, price, priceIn, serverTypes } from "./catalog";

export interface SystemImage {
  id: number;
  type: "system";
  status: "available";
  name: string;
  description: string;
  image_size: null;
  disk_size: number;
  created: string;
  created_from: null;
  bound_to: null;
  os_flavor: string;
  os_version: string;
  rapid_deploy: boolean;
  protection: { delete: boolean };
  deprecated: string | null;
  deleted: null;
  labels: Record<string, string>;
  architecture: "x86" | "arm";
}

type ImageRow = [number, number, string, string, string, string, string, string | null];
/** x86 id, arm id, name, description, flavor, version, created, deprecated. */
const IMAGES: ImageRow[] = [
  [45557056, 103907373, "debian-11", "Debian 11", "debian", "11", "2021-08-16", "2026-03-05"],
  [67794396, 103908130, "ubuntu-22.04", "Ubuntu 22.04", "ubuntu", "22.04", "2022-04-21", null],
  [103908070, 103908141, "rocky-9", "Rocky Linux 9", "rocky", "9", "2023-03-29", null],
  [103908032, 103908136, "alma-9", "AlmaLinux 9", "alma", "9", "2023-03-29", null],
  [105888141, 105888140, "centos-stream-9", "CentOS Stream 9", "centos", "stream9", "2023-04-13", null],
  [114690387, 114690389, "debian-12", "Debian 12", "debian", "12", "2023-06-13", null],
  [161547269, 161547270, "ubuntu-24.04", "Ubuntu 24.04", "ubuntu", "24.04", "2024-04-25", null],
  [309904164, 309904165, "fedora-42", "Fedora 42", "fedora", "42", "2025-04-16", null],
  [310557660, 310557661, "opensuse-15", "openSUSE Leap 15", "opensuse", "15", "2022-06-13", null],
  [310557663, 310557664, "debian-13", "Debian 13", "debian", "13", "2025-08-12", null],
];

/** Every one is listed; `bootable` says which of them a server can be made from here. */
export const systemImages: SystemImage[] = IMAGES.flatMap(
  ([x86, arm, name, description, os_flavor, os_version, created, deprecated]) =>
    ([x86, arm] as const).map((id): SystemImage => ({
      ...{ id, type: "system", status: "available", name, description },
      ...{
        image_size: null,
        disk_size: 5,
        created: `${created}T00:00:00Z`,
        created_from: null,
        bound_to: null,
      },
      ...{ os_flavor, os_version, rapid_deploy: true, protection: { delete: false } },
      deprecated: deprecated === null ? null : `${deprecated}T00:00:00Z`,
      ...{ deleted: null, labels: {}, architecture: id === x86 ? "x86" : "arm" },
    })),
);

/** The one system image that is built from a distribution's packages: see local-cloud/images/host. */
export const BOOTABLE = "debian-13";

/** The architecture of the servers that this machine can run. */
export const machineArchitecture = process.arch === "arm64" ? "arm" : "x86";

export const isos = [
  [8638, "debian-12.5.0-amd64-netinst.iso", "Debian 12.5 (amd64/netinstall)", "x86"],
  [8639, "debian-12.5.0-arm64-netinst.iso", "Debian 12.5 (arm64/netinstall)", "arm"],
].map(([id, name, description, architecture]) => ({
  ...{ id: id as number, name: name as string, description: description as string, type: "public" },
  ...{ deprecation: null, architecture: architecture as string },
}));

const BALANCERS: [number, string, number, number, number, number][] = [
  [1, "lb11", 10_000, 5, 25, 5.39],
  [2, "lb21", 20_000, 15, 75, 16.4],
  [3, "lb31", 40_000, 30, 150, 32.9],
];

export const loadBalancerTypes = BALANCERS.map(([id, name, connections, services, targets, monthly]) => ({
  ...{ id, name, description: name.toUpperCase(), max_connections: connections, max_services: services },
  ...{ max_targets: targets, max_assigned_certificates: services * 2, deprecated: null },
  prices: locations.map((place) => priceIn(place.name, monthly)),
}));

export const pricing = {
  currency: "EUR",
  vat_rate: "0.00",
  primary_ips: (["ipv4", "ipv6"] as const).map((type) => ({
    type,
    prices: locations.map(({ name }) => ({
      location: name,
      price_hourly: price(type === "ipv4" ? 0.0008 : 0),
      price_monthly: price(type === "ipv4" ? 0.5 : 0),
    })),
  })),
  floating_ips: (["ipv4", "ipv6"] as const).map((type) => ({
    type,
    prices: locations.map(({ name }) => ({ location: name, price_monthly: price(type === "ipv4" ? 3 : 1) })),
  })),
  floating_ip: { price_monthly: price(3) },
  image: { price_per_gb_month: price(0.011) },
  volume: { price_per_gb_month: price(0.044) },
  server_backup: { percentage: "20.00" },
  server_types: serverTypes.map(({ id, name, prices }) => ({ id, name, prices })),
  load_balancer_types: loadBalancerTypes.map(({ id, name, prices }) => ({ id, name, prices })),
};
