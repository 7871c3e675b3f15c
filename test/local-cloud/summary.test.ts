import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { settingsFor } from "../../local-cloud/settings";
import { summary } from "../../local-cloud/summary";
import { ROOT } from "../../local-cloud/toolchain/versions";

const example = { folder: join(ROOT, "examples", "hms") };
const settings = settingsFor("local-two", 3);

describe("what npm run local says at its end", () => {
  it("names the address that the program deployed, and no path or host that may not be there", () => {
    const text = summary(settings, example, 12.34, "https://hosting.remoteds.us");
    expect(text).toContain(`Ready after 12.3 s: https://hosting.remoteds.us, at the edge ${settings.edge}`);
    expect(text).toContain(
      "HOMEPORT_CLOUD=local-two npm run -s local:visitor -- curl -i https://hosting.remoteds.us/\n",
    );
    expect(text).toContain("curl --resolve hosting.remoteds.us:443:$HOMEPORT_EDGE");
    expect(text).toContain("cd examples/hms ");
    expect(text).not.toMatch(/\/up\b|https:\/\/remoteds/);
  });

  it("names none where nothing is deployed", () => {
    const text = summary(settings, { folder: ROOT }, 5, undefined);
    expect(text).not.toMatch(/https?:|npx homeport ssh|cd /);
    expect(text).toContain("local:env");
  });

  it("is one JSON object for programs", () => {
    const facts = JSON.parse(summary(settings, example, 1, "https://a.test", true)) as object;
    expect(facts).toEqual({ cloud: "local-two", seconds: 1, site: "https://a.test", edge: settings.edge });
  });
});
