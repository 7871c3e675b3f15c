import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { must, ROOT, sh } from "./support/cloud";
import {
  corrupt,
  isMoot,
  mend,
  randomCorruption,
  randomOf,
  storedFiles,
  type Corruption,
} from "./support/corruptions";

/** `npm run soak` asks for 300, and for the evidence. */
const COUNT = Number(process.env.HOMEPORT_CORRUPTIONS ?? 10);
const SEED = Number(process.env.HOMEPORT_SEED ?? 20_261_121);

interface Found extends Corruption {
  readonly isFound: boolean;
  /** The last line of `homeport backup verify`. */
  readonly said: string;
}

async function verified(): Promise<{ isWhole: boolean; said: string }> {
  const { code, stderr } = await sh("node", "cli/homeport.js", "backup", "verify", "--json");
  const said =
    stderr
      .trim()
      .split("\n")
      .findLast((line) => /damage|cannot|must/.test(line)) ?? "";
  return { isWhole: code === 0, said };
}

/** `undefined` when the file was of no use any more by the time that anybody looked. */
async function findOne(corruption: Corruption): Promise<Found | undefined> {
  await corrupt(corruption);
  try {
    const { isWhole, said } = await verified();
    return isWhole && (await isMoot(corruption)) ? undefined : { ...corruption, isFound: !isWhole, said };
  } finally {
    await mend(corruption);
  }
}

function tally(words: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const word of words) counts[word] = (counts[word] ?? 0) + 1;
  return counts;
}

function writeEvidence(found: readonly Found[], commit: string): void {
  const evidence = {
    at: new Date().toISOString(),
    commit,
    seed: SEED,
    corruptions: found.length,
    found: found.filter(({ isFound }) => isFound).length,
    kinds: tally(found.map(({ kind }) => kind)),
    files: tally(found.map(({ file }) => file.split("/")[0] ?? "")),
    said: tally(found.map(({ said }) => said.replace(/[0-9a-f]{8,}/g, "ID"))),
    missed: found.filter(({ isFound }) => !isFound),
  };
  mkdirSync(join(ROOT, "docs", "evidence"), { recursive: true });
  writeFileSync(join(ROOT, "docs", "evidence", "corruptions.json"), `${JSON.stringify(evidence, null, 2)}\n`);
}

describe("homeport backup verify", () => {
  it(
    `finds each of ${COUNT} corruptions of the repository, and is green in between`,
    async () => {
      await must("node", "cli/homeport.js", "backup", "now");
      const list = await must("node", "cli/homeport.js", "backup", "list", "--json");
      const { copies } = JSON.parse(list.stdout) as { copies: { id: string }[] };
      const stored = { files: await storedFiles(), newest: copies[0]?.id ?? "" };
      const random = randomOf(SEED);
      const found: Found[] = [];
      while (found.length < COUNT) {
        const one = await findOne(randomCorruption(found.length, stored, random));
        if (one !== undefined) found.push(one);
      }
      expect(await verified()).toMatchObject({ isWhole: true });
      if (process.env.HOMEPORT_CORRUPTIONS !== undefined) {
        writeEvidence(found, (await must("git", "rev-parse", "--short", "HEAD")).stdout.trim());
      }
      expect(found.filter(({ isFound }) => !isFound)).toEqual([]);
    },
    4 * 3_600_000,
  );
});
