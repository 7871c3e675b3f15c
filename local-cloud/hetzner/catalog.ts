/**
 * What Hetzner sells, as its API lists it. Ids, sizes and prices are those of late 2025 where known, and may be out
 * of date: nothing is ordered by them here.
 */

export interface Location {
  id: number;
  name: string;
  description: string;
  country: string;
  city: string;
  latitude: number;
  longitude: number;
  network_zone: string;
}

type LocationRow = [number, string, string, string, string, number, number, string];
const LOCATIONS: LocationRow[] = [
  [1, "fsn1", "Falkenstein DC Park 1", "DE", "Falkenstein", 50.47612, 12.370071, "eu-central"],
  [2, "nbg1", "Nuremberg DC Park 1", "DE", "Nuremberg", 49.452102, 11.076665, "eu-central"],
  [3, "hel1", "Helsinki DC Park 1", "FI", "Helsinki", 60.169855, 24.938379, "eu-central"],
  [4, "ash", "Ashburn, VA", "US", "Ashburn, VA", 39.045821, -77.487073, "us-east"],
  [5, "hil", "Hillsboro, OR", "US", "Hillsboro, OR", 45.54222, -122.951924, "us-west"],
  [6, "sin", "Singapore", "SG", "Singapore", 1.283333, 103.833333, "ap-southeast"],
];

export const locations: Location[] = LOCATIONS.map(
  ([id, name, description, country, city, latitude, longitude, network_zone]) => ({
    ...{ id, name, description, country, city, latitude, longitude, network_zone },
  }),
);

/** A location by a name that is known to exist. */
export function location(name: string): Location {
  const found = locations.find((one) => one.name === name);
  if (!found) throw new Error(`no location ${name}`);
  return found;
}

export interface Price {
  net: string;
  gross: string;
}

export interface ServerType {
  id: number;
  name: string;
  description: string;
  cores: number;
  memory: number;
  disk: number;
  deprecated: boolean;
  deprecation: { announced: string; unavailable_after: string } | null;
  prices: unknown[];
  storage_type: "local";
  cpu_type: "shared" | "dedicated";
  category: string;
  architecture: "x86" | "arm";
  locations: { id: number; name: string; deprecation: null; recommended: boolean; available: boolean }[];
}

/** The same amount net and gross: prices here carry no VAT. */
export function price(amount: number): Price {
  const text = amount.toFixed(10);
  return { net: text, gross: text };
}

export function priceIn(place: string, monthly: number): Record<string, unknown> {
  return {
    location: place,
    price_hourly: price(monthly / 624),
    price_monthly: price(monthly),
    included_traffic: 20 * 1024 ** 4,
    price_per_tb_traffic: price(1),
  };
}

const EU = ["fsn1", "nbg1", "hel1"];
const WORLD = [...EU, "ash", "hil", "sin"];

type TypeRow = [number, string, number, number, number, number, string[]];
const TYPES: TypeRow[] = [
  [22, "cpx11", 2, 2, 40, 4.35, ["ash", "hil", "sin"]],
  [23, "cpx21", 3, 4, 80, 7.55, ["ash", "hil", "sin"]],
  [24, "cpx31", 4, 8, 160, 13.6, ["ash", "hil", "sin"]],
  [25, "cpx41", 8, 16, 240, 25.2, ["ash", "hil", "sin"]],
  [26, "cpx51", 16, 32, 360, 54.9, ["ash", "hil", "sin"]],
  [45, "cax11", 2, 4, 40, 3.29, EU],
  [93, "cax21", 4, 8, 80, 5.99, EU],
  [94, "cax31", 8, 16, 160, 11.99, EU],
  [95, "cax41", 16, 32, 320, 23.99, EU],
  [96, "ccx13", 2, 8, 80, 11.99, WORLD],
  [97, "ccx23", 4, 16, 160, 23.99, WORLD],
  [98, "ccx33", 8, 32, 240, 47.99, WORLD],
  [99, "ccx43", 16, 64, 360, 95.99, WORLD],
  [100, "ccx53", 32, 128, 600, 191.99, WORLD],
  [101, "ccx63", 48, 192, 960, 287.99, WORLD],
  [108, "cpx12", 1, 2, 40, 6.49, [...EU, "sin"]],
  [109, "cpx22", 2, 4, 80, 6.49, [...EU, "sin"]],
  [110, "cpx32", 4, 8, 160, 10.99, [...EU, "sin"]],
  [111, "cpx42", 8, 16, 320, 19.99, [...EU, "sin"]],
  [112, "cpx52", 12, 24, 480, 28.49, [...EU, "sin"]],
  [113, "cpx62", 16, 32, 640, 38.99, [...EU, "sin"]],
  [114, "cx23", 2, 4, 40, 2.99, EU],
  [115, "cx33", 4, 8, 80, 4.99, EU],
  [116, "cx43", 8, 16, 160, 8.99, EU],
  [117, "cx53", 16, 32, 320, 16.99, EU],
];

const CATEGORIES: Record<string, string> = {
  cx: "Cost-Optimized",
  cax: "Cost-Optimized",
  cpx: "Regular Performance",
  ccx: "General Purpose",
};

export const serverTypes: ServerType[] = TYPES.map(([id, name, cores, memory, disk, monthly, places]) => ({
  id,
  name,
  description: name.toUpperCase(),
  cores,
  memory,
  disk,
  deprecated: false,
  deprecation: null,
  prices: places.map((place) => priceIn(place, monthly)),
  storage_type: "local",
  cpu_type: name.startsWith("ccx") ? "dedicated" : "shared",
  category: CATEGORIES[name.replace(/\d+$/, "")] ?? "",
  architecture: name.startsWith("cax") ? "arm" : "x86",
  locations: places.map((place) => ({
    id: location(place).id,
    name: place,
    deprecation: null,
    recommended: !/^cpx.1$/.test(name),
    available: true,
  })),
}));

/** A server type by a name that is known to exist. */
export function serverType(name: string): ServerType {
  const found = serverTypes.find((one) => one.name === name);
  if (!found) throw new Error(`no server type ${name}`);
  return found;
}

const DATACENTERS: [number, string, string, string][] = [
  [2, "nbg1-dc3", "Nuremberg 1 virtual DC 3", "nbg1"],
  [3, "hel1-dc2", "Helsinki 1 virtual DC 2", "hel1"],
  [4, "fsn1-dc14", "Falkenstein 1 virtual DC14", "fsn1"],
  [5, "ash-dc1", "Ashburn virtual DC 1", "ash"],
  [6, "hil-dc1", "Hillsboro virtual DC 1", "hil"],
  [7, "sin-dc1", "Singapore virtual DC 1", "sin"],
];

export const datacenters = DATACENTERS.map(([id, name, description, place]) => {
  const here = serverTypes
    .filter((type) => type.locations.some((one) => one.name === place))
    .map((type) => type.id);
  return {
    ...{ id, name, description, location: location(place) },
    server_types: { supported: here, available: here, available_for_migration: here },
  };
});
