import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { formatLintFault, lintApplication, patchOf, PRODUCTION } from "../../cli/lint/application";
import { lintProduction } from "../../cli/lint/rails";
import type { StackConfig } from "../../cli/pulumi";
import { execute, ROOT } from "../e2e/support/cloud";

const GOOD = `Rails.application.configure do
  config.assume_ssl = true # the proxy ends TLS
  config.force_ssl = true
  config.action_mailer.default_url_options = { host: "mxcorre.com" }
end
`;

/** Rails' own template, with everything as it comes. */
const TEMPLATE = `require "active_support/core_ext/integer/time"

Rails.application.configure do
  # Assume all access to the app is happening through a SSL-terminating reverse proxy.
  # config.assume_ssl = true

  # Force all access to the app over SSL, use Strict-Transport-Security, and use secure cookies.
  # config.force_ssl = true

  # Set host to be used by links generated in mailer templates.
  config.action_mailer.default_url_options = { host: "example.com" }
end
`;

const CONFIG: StackConfig = new Map([["homeport:domain", { value: "mxcorre.com", isSecret: false }]]);

function lint(text: string, hasMailer = true): { settings: string[]; got: string[]; fixed: string } {
  const { faults, fixed } = lintProduction({ text, domain: "mxcorre.com", hasMailer });
  return {
    settings: faults.map(({ setting }) => setting.replace("config.", "")),
    got: faults.map(({ got }) => got),
    fixed,
  };
}

function application(files: Readonly<Record<string, string>>): string {
  const folder = mkdtempSync(join(tmpdir(), "homeport-lint-"));
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
  return folder;
}

const ALL = ["assume_ssl", "force_ssl", "action_mailer.default_url_options"];

describe("the lint of production.rb (S1-17)", () => {
  it("has nothing to say about a good file, and leaves it as it is", () => {
    expect(lint(GOOD)).toEqual({ settings: [], got: [], fixed: GOOD });
  });

  it("takes the sample application as it is", () => {
    const context = join(ROOT, "local-cloud", "apps", "running-calendar");
    expect(lintApplication(context, CONFIG)?.faults).toEqual([]);
  });

  it("finds all three in Rails' own template, and mends each where it stands", () => {
    const { settings, got, fixed } = lint(TEMPLATE);
    expect(settings).toEqual(ALL);
    expect(got).toEqual(["nothing", "nothing", "example.com"]);
    expect(fixed).toContain("\n  config.assume_ssl = true\n\n  # Force");
    expect(fixed).toContain('\n  config.action_mailer.default_url_options = { host: "mxcorre.com" }\n');
    expect(lint(fixed).settings).toEqual([]);
    expect(fixed.split("\n")).toHaveLength(TEMPLATE.split("\n").length);
  });

  it.each([
    [
      "a value that depends on the machine",
      GOOD.replace("force_ssl = true", 'force_ssl = ENV["SSL"]'),
      ["force_ssl"],
    ],
    ["false", GOOD.replace("assume_ssl = true", "assume_ssl = false"), ["assume_ssl"]],
    ["true under a condition", GOOD.replace("force_ssl = true", "force_ssl = true if x"), ["force_ssl"]],
    [
      "a second one that takes it back",
      GOOD.replace("\nend", "\n  config.force_ssl = false\nend"),
      ["force_ssl"],
    ],
    [
      "one between =begin and =end",
      GOOD.replace("  config.force_ssl = true", "=begin\n  config.force_ssl = true\n=end"),
      ["force_ssl"],
    ],
    ["one after __END__", `Rails.application.configure do\nend\n__END__\n${GOOD}`, ALL],
    [
      "a mailer's hash without a host",
      GOOD.replace('{ host: "mxcorre.com" }', '{ protocol: "https" }'),
      [ALL[2]],
    ],
    ["a mailer's host of another zone", GOOD.replace('"mxcorre.com"', '"notmxcorre.com"'), [ALL[2]]],
    ["an empty block", "Rails.application.configure do\nend\n", ALL],
  ])("refuses %s, and its own patch mends it", (_what, text, wanted) => {
    const { settings, fixed } = lint(text);
    expect(settings).toEqual(wanted);
    expect(lint(fixed).settings).toEqual([]);
  });

  it.each([
    [
      "a host under the domain, over several lines",
      '{\n    protocol: "https",\n    host: "app.mxcorre.com"\n  }',
    ],
    ["old hash syntax", "{ :host => 'mxcorre.com' }"],
    ["an expression", "{ host: config.hosts.first, protocol: 'https' }"],
  ])("takes %s", (_what, hash) => {
    expect(lint(GOOD.replace('{ host: "mxcorre.com" }', hash)).settings).toEqual([]);
  });

  it("asks nothing about mails of an application without a mailer", () => {
    expect(lint(TEMPLATE, false).settings).toEqual(["assume_ssl", "force_ssl"]);
    const folder = application({ [PRODUCTION]: TEMPLATE, "config/application.rb": 'require "rails"\n' });
    expect(lintApplication(folder, CONFIG)?.faults).toHaveLength(2);
  });

  it("is no matter for what is no Rails application", () => {
    expect(lintApplication(application({ Dockerfile: "FROM x\n" }), CONFIG)).toBeUndefined();
  });

  it("prints a patch that patch -p1 applies, and faults that name the command", async () => {
    const folder = application({ [PRODUCTION]: TEMPLATE });
    const linted = lintApplication(folder, CONFIG);
    if (linted === undefined) throw new Error("no lint");
    const patch = await patchOf(folder, linted);
    expect(patch).toMatch(/^--- a\/config\/environments\/production.rb\n\+\+\+ b\//);

    const { code, output } = await execute("patch", ["-p1", "-d", folder], process.env, patch);
    expect(code, output).toBe(0);
    expect(readFileSync(join(folder, PRODUCTION), "utf8")).toBe(linted.fixed);
    expect(linted.faults.map((fault) => formatLintFault(fault, folder))[0]).toBe(
      `${PRODUCTION}: config.assume_ssl: must be true, got nothing; ` +
        `fix: homeport lint app --context ${folder} | patch -d ${folder} -p1`,
    );
  });
});
