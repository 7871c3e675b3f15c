import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { backupCommand } from "../../cli/commands/backup";
import { consoleCommandLine } from "../../cli/commands/console";
import { deployCommand } from "../../cli/commands/deploy";
import { driftCommand } from "../../cli/commands/drift";
import { envCommand } from "../../cli/commands/env";
import { graphCommand } from "../../cli/commands/graph";
import { importCommand } from "../../cli/commands/import";
import { initCommand } from "../../cli/commands/init";
import { kamalCommand } from "../../cli/commands/kamal";
import { lintCommand } from "../../cli/commands/lint";
import { logsCommandLine } from "../../cli/commands/logs";
import { newCommand } from "../../cli/commands/new";
import { psCommand } from "../../cli/commands/ps";
import { triageCommand } from "../../cli/commands/triage";
import { recoverCommand } from "../../cli/commands/recover";
import { restoreCommand } from "../../cli/commands/restore";
import { rollbackCommand } from "../../cli/commands/rollback";
import { sshCommand } from "../../cli/commands/ssh";
import { verifyCommand } from "../../cli/commands/verify";
import { CONFIG_KEYS, type ConfigKey } from "../../components/lib/config-keys";
import { anchors, codeOf, pages, relativeLinks, ROOT, runnableBlocks } from "../support/docs";

const PAGES = pages();
const KEYS: Readonly<Record<string, ConfigKey>> = CONFIG_KEYS;
/** What only a local cloud's stack has. */
const LOCAL_KEYS = ["hcloud:endpoint", "hcloud:pollInterval", "hcloud:pollFunction", "cloudflare:baseUrl"];

function page(path: string): string {
  return readFileSync(join(ROOT, path), "utf8");
}

/** What is wrong on every page, as `page: thing`: an empty list is what a test wants. */
function faults(find: (text: string, path: string) => readonly string[]): string[] {
  return PAGES.flatMap(({ path, text }) => find(text, path).map((fault) => `${path}: ${fault}`));
}

/** Each `homeport COMMAND …` in a line of code, without what is meant for another program. */
function homeportCalls(line: string): { command: string; flags: string[] }[] {
  return [...line.matchAll(/(?:^|[\s(;])homeport ([a-z]+)([^|;)#]*)/g)].map(
    ([, command = "", rest = ""]) => ({
      command,
      flags: (rest.split(" -- ")[0] ?? "").match(/--[a-z-]+/g) ?? [],
    }),
  );
}

describe("the pages", () => {
  it("are there, the README first of all", () => {
    const wanted = [
      "README.md",
      "CONTRIBUTING.md",
      "CHANGELOG.md",
      "local-cloud/README.md",
      "docs/config.md",
    ];
    expect(PAGES.map(({ path }) => path)).toEqual(expect.arrayContaining(wanted));
  });

  it("link to files that exist, and to headings that are in them", () => {
    const broken = faults((text, path) =>
      relativeLinks(text).filter((link) => {
        const [target = "", anchor] = link.split("#");
        const file = target === "" ? path : join(dirname(path), target);
        if (!existsSync(join(ROOT, file))) return true;
        return anchor !== undefined && !anchors(page(file)).includes(anchor);
      }),
    );
    expect(broken).toEqual([]);
  });

  it("name only npm scripts that package.json has", () => {
    const { scripts } = JSON.parse(page("package.json")) as { scripts: Record<string, string> };
    const unknown = faults((text) =>
      [...text.matchAll(/npm run (?:-s )?([a-z][a-z:-]*)/g)]
        .map(([, name = ""]) => name)
        .filter((name) => !(name in scripts)),
    );
    expect(unknown).toEqual([]);
  });

  it("name only commands and options that homeport has", () => {
    const makers = [
      ...[driftCommand, initCommand, deployCommand, verifyCommand, graphCommand, sshCommand],
      ...[
        psCommand,
        triageCommand,
        logsCommandLine,
        consoleCommandLine,
        rollbackCommand,
        lintCommand,
        kamalCommand,
      ],
      ...[backupCommand, restoreCommand, recoverCommand, newCommand, importCommand],
      envCommand,
    ];
    const options = new Map(
      makers
        .map((make) => make())
        .map((made) => [
          made.name(),
          [made, ...made.commands].flatMap((c) => c.options.map(({ long }) => long)),
        ]),
    );
    const unknown = faults((text) =>
      codeOf(text)
        .flatMap(homeportCalls)
        .flatMap(({ command, flags }) => {
          const known = options.get(command);
          if (known === undefined) return [command];
          return flags.filter((flag) => !known.includes(flag)).map((flag) => `${command} ${flag}`);
        }),
    );
    expect(unknown).toEqual([]);
  });

  it("name only config keys that exist", () => {
    const known = [...Object.keys(KEYS), ...LOCAL_KEYS];
    const unknown = faults((text) =>
      codeOf(text)
        .flatMap((line) => line.match(/\b(homeport|hcloud|cloudflare):[A-Za-z]+\b(?!:)/g) ?? [])
        .filter((key) => !known.includes(key)),
    );
    expect(unknown).toEqual([]);
  });

  it("mark as runnable only blocks that the end-to-end test finds", () => {
    const unfound = PAGES.filter((each) => {
      const marks = each.text.match(/^<!-- run -->$/gm) ?? [];
      return marks.length !== runnableBlocks(each).length;
    });
    expect(unfound).toEqual([]);
    expect(runnableBlocks({ path: "README.md", text: page("README.md") }).length).toBeGreaterThan(1);
  });
});

describe("docs/config.md", () => {
  it("has a row for every key, with the program's own default, and says which are secret", () => {
    const rows = [...page("docs/config.md").matchAll(/^\| `([a-zA-Z:]+)` *\| ([^|]*?) *\| (\w+) *\|/gm)];
    const told = rows.map(([, key, value, secret]) => [key, value, secret]);
    const read = Object.entries(KEYS).map(([key, { default: value, secret }]) => [
      key,
      value === undefined ? "–" : `\`${value}\``,
      secret === true ? "yes" : "no",
    ]);
    expect(told).toEqual(read);
  });
});

describe("docs/hardening.md", () => {
  it("tells what each step on the server does", () => {
    const steps = readdirSync(join(ROOT, "scripts", "remote")).filter((name) => /^\d\d-/.test(name));
    const linked = relativeLinks(page("docs/hardening.md")).map((link) => link.split("/").at(-1));
    expect(steps.filter((step) => !linked.includes(step))).toEqual([]);
    expect(steps.length).toBeGreaterThan(5);
  });
});
