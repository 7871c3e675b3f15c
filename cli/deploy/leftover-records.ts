import { ownerComment, physicalName } from "../../components/lib/names";
import type { System } from "../../components/lib/system";
import { cloudflareApi } from "../cloudflare";
import type { PulumiStack, StackConfig } from "../pulumi";
import type { ZoneRecord } from "../recovery/import-file";
import { findRecords, findZone } from "../recovery/remains";
import type { StackExport } from "../stack-state";
import { withoutPendingCreates } from "./leftovers";

/** Records with this mark that the state does not know: what is left of a lost reply. Another's are never one. */
export function leftoverRecords(
  records: readonly ZoneRecord[],
  mark: string,
  state: StackExport,
): ZoneRecord[] {
  // one that waits for its deletion is still known, and one that was imported may have its zone in front
  const known = new Set((state.deployment.resources ?? []).map(({ id }) => id?.split("/").at(-1)));
  return records.filter(({ id, comment }) => comment === mark && !known.has(id));
}

/**
 * Removes the stack's own records that its state does not know: the next `up`, which makes them, would find the names
 * taken.
 *
 * @returns what was removed, for a person.
 */
export async function clearLeftoverRecords(
  stack: PulumiStack,
  config: StackConfig,
  system: System,
): Promise<string[]> {
  const api = cloudflareApi(config);
  const domain = config.get("homeport:domain")?.value ?? "";
  const zoneId = await findZone(api, domain);
  const records = await findRecords(api, zoneId, { system, stack: stack.name, domain });
  const mark = ownerComment(physicalName(system.name, stack.name));
  if (leftoverRecords(records, mark, await stack.export()).length === 0) return [];

  // read again, and with the stack's lock: while another `up` runs, what it just made looks like a leftover
  const state = await stack.export();
  await stack.import(withoutPendingCreates(state));
  const leftovers = leftoverRecords(records, mark, state);
  for (const { id } of leftovers) await api.remove(`/zones/${zoneId}/dns_records/${id}`);
  return leftovers.map(({ type, name }) => `record ${type} ${name}: an earlier run made it`);
}
