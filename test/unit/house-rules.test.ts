import { join } from "node:path";
import { ESLint } from "eslint";
import { beforeAll, describe, expect, it } from "vitest";

const ROOT = join(__dirname, "..", "..");

// the rooms' rules need no types: without them a planted file needs no project to belong to
let eslint: ESLint;
beforeAll(() => {
  const untyped = {
    files: ["**/*.ts"],
    languageOptions: { parserOptions: { project: null } },
    rules: {} as Record<string, "off">,
  };
  eslint = new ESLint({
    cwd: ROOT,
    overrideConfig: untyped,
    ruleFilter: ({ ruleId }) => ROOM_RULES.includes(ruleId),
  });
});

const ROOM_RULES = [
  "@typescript-eslint/no-restricted-imports",
  "no-restricted-syntax",
  "no-restricted-properties",
  "no-restricted-globals",
  "max-lines",
  "max-lines-per-function",
  "complexity",
];

async function rulesBroken(file: string, text: string): Promise<(string | null)[]> {
  const [result] = await eslint.lintText(text, { filePath: join(ROOT, file) });
  return (result?.messages ?? []).map((message) => message.ruleId ?? message.message);
}

const IMPORT = "@typescript-eslint/no-restricted-imports";
const use = (module: string) => `import * as x from "${module}";\nexport const y = x;\n`;

const REFUSED: readonly (readonly [file: string, text: string, rule: string])[] = [
  ["index.ts", use("@pulumi/hcloud"), IMPORT],
  ["index.ts", use("node:fs"), IMPORT],
  ["components/planted.ts", use("@pulumi/hcloud"), IMPORT],
  ["components/planted.ts", use("node:fs"), IMPORT],
  ["components/planted.ts", use("./server"), IMPORT],
  ["components/server.ts", use("@pulumi/cloudflare"), IMPORT],
  ["components/dns.ts", use("@pulumi/hcloud"), IMPORT],
  ["components/remote-step.ts", use("@pulumi/docker"), IMPORT],
  ["components/config.ts", use("@pulumi/hcloud"), IMPORT],
  ["components/config.ts", use("./server"), IMPORT],
  ["components/lib/planted.ts", use("@pulumi/pulumi"), IMPORT],
  ["components/lib/planted.ts", use("node:fs"), IMPORT],
  ["components/lib/planted.ts", use("../server"), IMPORT],
  ["components/lib/ssh-files.ts", use("node:child_process"), IMPORT],
  ["systems/planted.ts", use("node:fs"), IMPORT],
  ["examples/shop/index.ts", use("../../components/server"), IMPORT],
  ["examples/shop/system.ts", use("@pulumi/hcloud"), IMPORT],
  ["examples/shop/system.ts", "export const a = process.env.A;\n", "no-restricted-properties"],
  ["components/deploy-system.ts", use("@pulumi/hcloud"), IMPORT],
  ["systems/planted.ts", use("@pulumi/pulumi"), IMPORT],
  ["local-cloud/hetzner/planted.ts", use("../../components/lib/cidr"), IMPORT],
  ["local-cloud/planted.ts", use("../systems/running-calendar"), IMPORT],
  ["cli/planted.ts", use("../local-cloud/settings"), IMPORT],
  ["cli/planted.ts", use("../components/server"), IMPORT],
  ["components/planted.ts", "export const a = process.env.A;\n", "no-restricted-properties"],
  ["components/lib/planted.ts", "export const a = process.env.A;\n", "no-restricted-properties"],
  ["index.ts", "export const a = process.pid;\n", "no-restricted-globals"],
  ["components/planted.ts", "export default 1;\n", "no-restricted-syntax"],
  ["components/planted.ts", "export const a = o.apply((v) => new Server(v));\n", "no-restricted-syntax"],
  ["components/planted.ts", "export const a = new pulumi.Config();\n", "no-restricted-syntax"],
  ["components/planted.ts", "export const a = new docker.Provider('p');\n", "no-restricted-syntax"],
  ["test/unit/planted.ts", "export const a = o.apply((v) => expect(v).toBe(1));\n", "no-restricted-syntax"],
  ["cli/planted.ts", "export const a = 1;\n".repeat(251), "max-lines"],
  ["cli/planted.ts", `export function a(): void {\n${"  b();\n".repeat(50)}}\n`, "max-lines-per-function"],
  [
    "cli/planted.ts",
    `export function a(b: boolean): void {\n${"  if (b) c();\n".repeat(10)}}\n`,
    "complexity",
  ],
];

const ALLOWED: readonly (readonly [file: string, text: string])[] = [
  ["index.ts", use("./components/server")],
  ["index.ts", use("./system")],
  ["components/deploy-system.ts", use("./server")],
  ["examples/shop/index.ts", use("homeport")],
  ["examples/shop/system.ts", use("homeport/system")],
  ["components/server.ts", use("@pulumi/hcloud")],
  ["components/planted.ts", 'import type { Server } from "./server";\nexport type S = Server;\n'],
  ["components/planted.ts", use("./remote-step")],
  ["components/container-host.ts", "export const a = new docker.Provider('p');\n"],
  ["components/planted.ts", "export const a = o.apply((v) => new Map(v));\n"],
  ["components/planted.ts", "export const a = o.apply((v) => { throw new pulumi.ResourceError(v); });\n"],
  ["components/config.ts", "export const a = process.env;\n"],
  ["components/lib/ssh-files.ts", use("node:fs")],
  ["cli/planted.ts", use("../components/lib/cidr")],
];

function firstLine(text: string): string {
  return text.split("\n", 1)[0] ?? "";
}

describe("the house rules", () => {
  for (const [file, text, rule] of REFUSED) {
    it(`refuse in ${file}, by ${rule}: ${firstLine(text)}`, async () => {
      expect(await rulesBroken(file, text)).toContain(rule);
    });
  }

  for (const [file, text] of ALLOWED) {
    it(`allow in ${file}: ${firstLine(text)}`, async () => {
      expect(await rulesBroken(file, text)).toEqual([]);
    });
  }
});
