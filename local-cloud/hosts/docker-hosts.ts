import { docker } from "../docker";
import type { CloudSettings } from "../settings";
import { containerName, createContainer, diskNames, sizeOptions } from "./container";
import { applyFilters, removeFilters } from "./filter-table";
import type { HostFirewall } from "./firewall";
import type { Hosts, HostSpec, Power, WantedHost } from "./hosts";
import { followEvents } from "./events";

/** Exit code of a container whose systemd was told to reboot; to power off it is 130. */
const REBOOT = 129;
/** Hetzner doesn't wait for a system's services; this is how long we do. */
const SSH_PATIENCE = 400;
// asked from inside: the firewall may keep this machine out
const AWAIT_SSH = `for i in $(seq ${SSH_PATIENCE}); do
  { exec 3<>/dev/tcp/127.0.0.1/22; } 2>/dev/null && read -rt 1 line <&3 && [[ $line == SSH-* ]] && exit
  sleep 0.05
done`;

interface ContainerState {
  readonly Status: "created" | "running" | "exited" | "dead" | "paused" | "restarting" | "removing";
  readonly Running: boolean;
  readonly ExitCode: number;
}

/** The hosts of a cloud as systemd containers. */
export function dockerHosts(settings: CloudSettings): Hosts {
  return new DockerHosts(settings);
}

class DockerHosts implements Hosts {
  /** Hosts that shall run: what is started again when Docker comes back. */
  private readonly wanted = new Set<number>();
  /** Hosts whose container is being changed: their events mean nothing new. */
  private readonly busy = new Set<number>();
  /** Snapshots to remove once no host stands on them. */
  private readonly unwanted = new Set<string>();

  constructor(private readonly settings: CloudSettings) {}

  create(spec: HostSpec): Promise<void> {
    return this.change(spec.id, async (name) => {
      const state = await this.state(spec.id);
      // never started: its seed may be missing
      if (state?.Status === "created") await this.removeContainer(name);
      if (!state || state.Status === "created") await createContainer(this.settings, spec);
      this.wanted.add(spec.id);
      await this.boot(spec.id);
    });
  }

  async shutdown(id: number): Promise<void> {
    await ignoring(
      /is not running|No such container/,
      docker(["kill", "--signal=SIGRTMIN+4", this.name(id)]),
    );
  }

  kill(id: number): Promise<void> {
    this.wanted.delete(id);
    return this.change(id, async (name) => {
      await ignoring(/is not running|No such container/, docker(["kill", name]));
      await ignoring(/No such container/, docker(["wait", name]));
    });
  }

  reboot(id: number): Promise<void> {
    return this.change(id, async (name) => {
      await docker(["restart", "--time=60", name]);
      await this.awaitSsh(id);
    });
  }

  remove(id: number): Promise<void> {
    this.wanted.delete(id);
    return this.change(id, async (name) => {
      await this.removeContainer(name);
      await docker(["volume", "rm", "--force", ...diskNames(this.settings, id)]);
      await this.sweepImages();
    });
  }

  async setAddress(id: number, address: string | null): Promise<void> {
    const name = this.name(id);
    if (!(await this.state(id))) return; // it gets its address when it is made
    const networks = await docker([
      "inspect",
      "--format={{range $k, $_ := .NetworkSettings.Networks}}{{$k}} {{end}}",
      name,
    ]);
    for (const network of networks.split(" ").filter(Boolean)) {
      await docker(["network", "disconnect", "--force", network, name]);
    }
    if (address) await docker(["network", "connect", `--ip=${address}`, this.settings.prefix, name]);
  }

  async resize(id: number, cores: number, memory: number): Promise<void> {
    await ignoring(/No such container/, docker(["update", ...sizeOptions(cores, memory), this.name(id)]));
  }

  async setRootPassword(id: number, password: string): Promise<void> {
    await docker(["exec", "-i", this.name(id), "chpasswd"], { input: `root:${password}\n` });
  }

  async commit(id: number, image: string): Promise<number> {
    await docker(["commit", this.name(id), image]);
    return Number(await docker(["image", "inspect", "--format={{.Size}}", image]));
  }

  async removeImage(image: string): Promise<void> {
    this.unwanted.add(image);
    await this.sweepImages();
  }

  applyFirewalls(hosts: readonly HostFirewall[]): Promise<void> {
    return applyFilters(this.settings, hosts);
  }

  watch(changed: (id: number, power: Power) => void): () => void {
    const look = (id: number): Promise<void> => this.look(id, changed);
    const reconnected = (): void => {
      for (const id of this.wanted) void this.boot(id).catch(() => undefined);
    };
    // what happened while nobody watched
    this.ids()
      .then((ids) => Promise.all(ids.map(look)))
      .catch(() => undefined);
    return followEvents(this.settings, (id) => void look(id).catch(() => undefined), reconnected);
  }

  async reconcile(wanted: readonly WantedHost[], snapshots: readonly string[]): Promise<void> {
    const known = new Set(wanted.map(({ spec }) => spec.id));
    const present = await this.ids();
    await Promise.all(present.filter((id) => !known.has(id)).map((id) => this.remove(id)));
    // one that doesn't boot keeps nobody from the others; the watch reports it as off
    await Promise.allSettled(wanted.filter(({ running }) => running).map(({ spec }) => this.create(spec)));
    const off = wanted.filter(({ spec, running }) => !running && present.includes(spec.id));
    await Promise.all(off.map(({ spec }) => this.kill(spec.id)));
    const unknown = (await this.snapshots()).filter((image) => !snapshots.includes(image));
    await Promise.all(unknown.map((image) => this.removeImage(image)));
  }

  async down(): Promise<void> {
    await Promise.all((await this.ids()).map((id) => this.remove(id)));
    const disk = new RegExp(`^${this.settings.prefix}-srv-\\d+-`);
    const volumes = (await docker(["volume", "ls", "--quiet"])).split("\n").filter((name) => disk.test(name));
    if (volumes.length > 0) await docker(["volume", "rm", "--force", ...volumes]);
    const images = await this.snapshots();
    if (images.length > 0) await docker(["image", "rm", "--force", ...images]);
    await removeFilters(this.settings);
  }

  private async snapshots(): Promise<string[]> {
    const found = await docker([
      "images",
      "--format={{.Repository}}:{{.Tag}}",
      `${this.settings.prefix}-image`,
    ]);
    return found.split("\n").filter(Boolean);
  }

  private name(id: number): string {
    return containerName(this.settings, id);
  }

  private async change(id: number, work: (name: string) => Promise<void>): Promise<void> {
    this.busy.add(id);
    try {
      await work(this.name(id));
    } finally {
      this.busy.delete(id);
    }
  }

  private async removeContainer(name: string): Promise<void> {
    await ignoring(/No such container/, docker(["rm", "--force", "--volumes", name]));
  }

  /** Docker keeps an image as long as a container stands on it, Hetzner's disks are copies: so, later. */
  private async sweepImages(): Promise<void> {
    for (const image of [...this.unwanted]) {
      this.unwanted.delete(image);
      await ignoring(/No such image/, docker(["image", "rm", image])).catch(() => this.unwanted.add(image));
    }
  }

  private async boot(id: number): Promise<void> {
    await docker(["start", this.name(id)]);
    await this.awaitSsh(id);
  }

  private async awaitSsh(id: number): Promise<void> {
    try {
      await docker(["exec", this.name(id), "bash", "-c", AWAIT_SSH]);
    } catch (error) {
      if (!(await this.state(id))?.Running) throw error;
    }
  }

  /** undefined: there is no such container. */
  private async state(id: number): Promise<ContainerState | undefined> {
    const found = await ignoring(
      /No such (container|object)/i,
      docker(["container", "inspect", "--format={{json .State}}", this.name(id)]),
    );
    return found ? (JSON.parse(found) as ContainerState) : undefined;
  }

  private async ids(): Promise<number[]> {
    const label = "homeport.server";
    const filters = [`label=homeport.cloud=${this.settings.name}`, `label=${label}`].map(
      (one) => `--filter=${one}`,
    );
    const found = await docker(["ps", "--all", ...filters, `--format={{.Label "${label}"}}`]);
    return found.split("\n").filter(Boolean).map(Number);
  }

  /** What an event of a host means now: a reboot from inside, or another power state. */
  private async look(id: number, changed: (id: number, power: Power) => void): Promise<void> {
    if (this.busy.has(id)) return;
    const state = await this.state(id);
    if (!state || this.busy.has(id)) return;
    if (state.Running) return changed(id, "running");
    if (state.ExitCode === REBOOT) return this.change(id, () => this.boot(id));
    this.wanted.delete(id);
    changed(id, "off");
  }
}

async function ignoring(pattern: RegExp, work: Promise<string>): Promise<string> {
  try {
    return await work;
  } catch (error) {
    if (pattern.test(String(error))) return "";
    throw error;
  }
}
