import { existsSync } from "node:fs";
import { join } from "node:path";
import type { PlainConfig } from "../../components/lib/config-rules";
import { ownerComment, physicalName } from "../../components/lib/names";
import type { System } from "../../components/lib/system";
import { refused, usage } from "../cli-error";
import { decide, findLeftovers, type Found } from "../deploy/leftovers";
import { cloudflareApi, type CloudflareApi } from "../cloudflare";
import { hetznerApi, type HetznerApi, type HetznerObject } from "../hetzner";
import { say, type Note, type Step } from "../output";
import type { PulumiStack, StackConfig } from "../pulumi";
import { writeStackSshFiles } from "../stack-config";
import { resourcesOf, type StackExport } from "../stack-state";
import { declaredBy, edgeIdOf, hetznerIdOf, recordOf, withIds, type ImportFile } from "./import-file";
import { takeLastBackup } from "./last-backup";
import { liftAtHetzner } from "./protection";
import { findRemains, type Remains } from "./remains";
import { knowsServer } from "./take-away";

export interface StateLostArgs {
  readonly stack: PulumiStack;
  readonly config: StackConfig;
  readonly checked: PlainConfig;
  readonly system: System;
  /** No last backup. */
  readonly isDead: boolean;
  /** A protected server may be replaced. */
  readonly isSure: boolean;
}

/** Makes the stack in a backend that does not know it, with the salt that its file has kept. */
export async function makeStackAnew(stack: PulumiStack): Promise<void> {
  const file = `Pulumi.${stack.name}.yaml`;
  if (!existsSync(join(stack.root, file))) {
    throw usage(
      `${file}: must be there, with the stack's config and its encrypted secrets; fix: take it from your git clone or a backup`,
    );
  }
  await stack.selectOrCreate();
}

/**
 * What still exists in both APIs comes into the new state, or goes where it cannot: the server, whose bootstrap key and
 * steps nobody remembers, after a last backup; and an origin certificate, whose key is lost. Then `up` makes the rest.
 * Each step can be killed and run again: what is in the state already is looked for no more.
 */
export function stateLostSteps(args: StateLostArgs): Step[] {
  return new StateLost(args).steps();
}

class StateLost {
  private readonly apis: { readonly hetzner: HetznerApi; readonly cloudflare: CloudflareApi };
  private remains!: Remains;
  private file!: ImportFile;
  /** A stopped run of this command ordered it, and nothing has run on it. */
  private isNewborn = false;
  /** Import ids by `TYPE NAME`. */
  private readonly ids = new Map<string, string>();
  private readonly adoptedRecords = new Set<string>();

  constructor(private readonly args: StateLostArgs) {
    this.apis = { hetzner: hetznerApi(args.config), cloudflare: cloudflareApi(args.config) };
  }

  steps(): Step[] {
    return [
      { title: "look what is left in both APIs", run: (note) => this.look(note) },
      { title: "take a last backup", run: (note) => this.backUp(note) },
      { title: "remove the old server", run: (note) => this.removeServer(note) },
      { title: "adopt what stays", run: (note) => this.adopt(note) },
      { title: "remove what cannot be adopted", run: (note) => this.removeRest(note) },
    ];
  }

  private get server(): HetznerObject | undefined {
    return this.remains.hetzner.servers[0];
  }

  private async look(note: Note): Promise<void> {
    const { stack, checked, system } = this.args;
    const state = await stack.export();
    if (knowsServer(state)) {
      throw refused(
        "the state knows a server: it is not lost; fix: pulumi up to go on with a run that was stopped, homeport recover to replace the server",
      );
    }
    this.remains = await findRemains(this.apis, { system, stack: stack.name, domain: checked.domain });
    this.isNewborn = madeByThisState(this.remains.hetzner, state);
    this.refuse();
    await this.followAddress();
    const { preview, file } = await stack.previewImports();
    this.file = file;
    for (const declared of declaredBy(preview)) {
      const record = recordOf(declared, this.remains.records);
      if (record !== undefined) this.adoptedRecords.add(record.id);
      const id =
        record === undefined
          ? (hetznerIdOf(declared, this.remains.hetzner) ?? edgeIdOf(declared, this.remains.edge))
          : `${this.remains.zoneId}/${record.id}`;
      if (id !== undefined) this.ids.set(`${declared.type} ${declared.name}`, id);
    }
    note(
      `${this.server === undefined ? "no server" : `server ${this.server.name}`}, ${this.ids.size} to adopt`,
    );
  }

  private refuse(): void {
    const { servers } = this.remains.hetzner;
    if (servers.length > 1) {
      const names = servers.map(({ id, name }) => `${name} (${id})`).join(", ");
      throw refused(
        `${servers.length} servers carry the stack's labels, and only one holds what counts: ${names}; fix: look at each, hcloud server delete the other`,
      );
    }
    if (this.server?.protection?.delete === true && !this.args.isSure) {
      throw refused("the server is protected, and would be replaced; fix: add --yes when you mean it");
    }
  }

  /** An address is bound to its location: the stack's place is where it is, whatever an older clone says. */
  private async followAddress(): Promise<void> {
    const { stack, checked } = this.args;
    const location = this.remains.hetzner.primary_ips[0]?.location?.name;
    if (location === undefined || location === checked.location) return;
    say(`the address is in ${location}: the stack's config says so from now on`);
    await stack.setConfig({ key: "homeport:location", isSecret: false, value: location });
  }

  private async backUp(note: Note): Promise<void> {
    const { stack, config, system, isDead } = this.args;
    if (this.server === undefined) return note("there is no server any more");
    if (this.isNewborn) return note("an earlier run ordered the server, and nothing has run on it");
    if (isDead) return note("left out");
    const address = this.server.public_net?.ipv4?.ip ?? "";
    const { config: sshConfig } = writeStackSshFiles(stack.name, config);
    await takeLastBackup({ address, sshConfig }, system, "homeport recover --state-lost --dead");
  }

  private async removeServer(note: Note): Promise<void> {
    if (this.server === undefined) return note("none");
    const { id, name, protection } = this.server;
    if (protection?.delete === true) await liftAtHetzner(this.apis.hetzner, "servers", String(id));
    await this.apis.hetzner.remove(`/servers/${id}`);
    note(protection?.delete === true ? `${name}, its protection lifted` : name);
  }

  private async adopt(note: Note): Promise<void> {
    if (this.ids.size === 0) return note("nothing");
    await this.args.stack.importResources(withIds(this.file, this.ids));
    note([...this.ids.keys()].map((key) => key.split(" ")[1]).join(", "));
  }

  /** What carries Homeport's mark and is in no state. What does not is told, and left alone. */
  private async removeRest(note: Note): Promise<void> {
    const { records, certificates, zoneId } = this.remains;
    const mark = ownerComment(physicalName(this.args.system.name, this.args.stack.name));
    const state = resourcesOf(await this.args.stack.export());
    const known = new Set([...this.adoptedRecords, ...state.map(({ id }) => id?.split("/").at(-1))]);
    const marked = [
      ...records.map(({ id, name, type, comment }) => ({
        ...{ id, what: `record ${type} ${name}`, path: `/zones/${zoneId}/dns_records/${id}` },
        isOurs: comment === mark,
      })),
      ...certificates.map(({ id, isOurs }) => ({
        ...{ id, what: `origin certificate ${id}`, path: `/certificates/${id}`, isOurs },
      })),
    ].filter(({ id }) => !known.has(id));
    for (const { path } of marked.filter(({ isOurs }) => isOurs)) await this.apis.cloudflare.remove(path);
    const named = (isOurs: boolean): string[] =>
      marked.filter((one) => one.isOurs === isOurs).map(({ what }) => what);
    named(false).forEach((what) => say(`left alone: ${what}, which nothing marks as this stack's`));
    note(named(true).join(", ") || "nothing");
  }
}

/** True when the state holds the key that the server was born with, and no step has run. */
function madeByThisState(found: Found, state: StackExport): boolean {
  const leftovers = findLeftovers(found, state);
  const server = leftovers.find(({ kind }) => kind === "servers");
  if (server === undefined) return false;
  const lifted = { ...server, object: { ...server.object, protection: undefined } };
  return decide(lifted, leftovers, state).action === "remove";
}
