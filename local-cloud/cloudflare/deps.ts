import { join } from "node:path";
import type { Ca } from "../ca";
import { ensureCa } from "../ca";
import type { InternetHealthcheck, InternetTurnstile, InternetZone } from "../internet/config";
import type { CloudSettings } from "../settings";
import { renewCertificates } from "./edge-zones";
import { Faults } from "./faults";
import { fileStore, type Store } from "./state";
import { tellEdge } from "./zone-access";
import { addZone } from "./zones";

export type Post = (url: string, headers: Readonly<Record<string, string>>, body: string) => Promise<number>;

/** What the routes share. Made by `openCloudflare`. */
export interface CloudflareDeps {
  readonly settings: Pick<CloudSettings, "edgeRange" | "hosts">;
  readonly tokens: readonly string[];
  readonly store: Store;
  readonly faults: Faults;
  readonly localCa: Ca;
  readonly originCa: Ca;
  /** Called with every active zone after each change, and once at the start. */
  readonly onChange: (
    zones: readonly InternetZone[],
    turnstile: InternetTurnstile | undefined,
    healthchecks: readonly InternetHealthcheck[],
  ) => void;
  /** Sends a body to somebody in the internet; the status of the answer. */
  readonly post: Post;
}

export interface CloudflareOptions {
  readonly settings: Pick<CloudSettings, "stateDir" | "edgeRange" | "hosts">;
  /** API tokens that are good for everything, of 40 to 80 of `A-Z a-z 0-9 _ -`. */
  readonly tokens: readonly string[];
  /** Names of the zones that exist before any request, active. */
  readonly zones: readonly string[];
  /** @default nothing */
  readonly onChange?: CloudflareDeps["onChange"];
  /** @default nobody answers */
  readonly post?: Post;
  /** @default `<stateDir>/cloudflare.json` */
  readonly store?: Store;
}

/** The account with its state read, its authorities and seeded zones made, and the edge told of them. */
export async function openCloudflare(options: CloudflareOptions): Promise<CloudflareDeps> {
  const { settings } = options;
  const caDir = join(settings.stateDir, "ca");
  const deps: CloudflareDeps = {
    settings,
    tokens: options.tokens,
    store: options.store ?? fileStore(join(settings.stateDir, "cloudflare.json")),
    faults: new Faults(),
    localCa: await ensureCa(caDir, "ca", "Homeport local CA"),
    originCa: await ensureCa(caDir, "origin-ca", "Homeport Origin CA"),
    onChange: options.onChange ?? (() => undefined),
    post: options.post ?? (() => Promise.reject(new Error("nobody answers"))),
  };
  const { zones } = deps.store.state;
  for (const name of options.zones) {
    if (!zones.some((zone) => zone.name === name)) zones.push(addZone(name, "active"));
  }
  await renewCertificates(deps.localCa, [...zones, deps.store.state.challenges]);
  deps.store.save();
  tellEdge(deps);
  return deps;
}
