import type { HostFirewall } from "./firewall";

/** What a host is made from. */
export interface HostSpec {
  /** The server's id: names the container and its volumes. */
  readonly id: number;
  readonly hostname: string;
  /** Public IPv4, or null: then nothing reaches it and it reaches nothing. */
  readonly address: string | null;
  /** Image of a snapshot, as given to `commit`; null boots the system image. */
  readonly snapshot: string | null;
  /** Cores and memory (GB) of the server's type. */
  readonly cores: number;
  readonly memory: number;
  /** OpenSSH public keys that root accepts. */
  readonly publicKeys: readonly string[];
  /** cloud-init's user data as the caller sent it; base64 and gzip are undone. */
  readonly userData: string | null;
}

export type Power = "running" | "off";

export interface WantedHost {
  readonly spec: HostSpec;
  readonly running: boolean;
}

/** The machines behind the API: real systems under a server's id. Every method can be called again safely. */
export interface Hosts {
  /** Makes the host unless it is there, boots it, and resolves when its sshd answers. */
  create(spec: HostSpec): Promise<void>;
  /** Sends the ACPI shutdown; `watch` reports when the host is down. */
  shutdown(id: number): Promise<void>;
  /** Power cut. */
  kill(id: number): Promise<void>;
  /** ACPI reboot; the disk stays. */
  reboot(id: number): Promise<void>;
  /** Takes the host and its disks away. */
  remove(id: number): Promise<void>;
  /** Gives a host that is off another address. */
  setAddress(id: number, address: string | null): Promise<void>;
  /** Cores and memory of a host that is off. */
  resize(id: number, cores: number, memory: number): Promise<void>;
  setRootPassword(id: number, password: string): Promise<void>;
  /** Copies the disk into an image and returns its size in bytes. */
  commit(id: number, image: string): Promise<number>;
  removeImage(image: string): Promise<void>;
  /** Replaces the packet filters of all hosts at once. */
  applyFirewalls(hosts: readonly HostFirewall[]): Promise<void>;
  /** Reports power that changed from inside the host or behind the API's back; returns what ends the watch. */
  watch(changed: (id: number, power: Power) => void): () => void;
  /** Brings the machine to the wanted state: hosts that are missing or off started, unknown ones and unknown snapshots removed. */
  reconcile(wanted: readonly WantedHost[], snapshots: readonly string[]): Promise<void>;
  /** Removes every host, disk and filter of this cloud. */
  down(): Promise<void>;
}
