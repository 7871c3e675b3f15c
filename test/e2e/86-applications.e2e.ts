import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { ensureImages, type ImageName } from "../../local-cloud/images/images";
import { ROOT } from "./support/cloud";

const APPS: Readonly<Record<string, readonly ImageName[]>> = {
  "running-calendar": ["postgres", "running-calendar"],
  cleaning: ["postgres", "redis", "cleaning/api", "cleaning/web"],
  twenty: ["postgres", "redis", "twenty/server", "twenty/front"],
  hms: ["hms/host"],
};

/** Built as a system would need them; each application's own check asks what its README names. */
describe("the applications of the local cloud", () => {
  beforeAll(async () => {
    await ensureImages(Object.values(APPS).flat(), console.error);
  });

  it.each(Object.keys(APPS))("%s serves what its README names", (app) => {
    const { status, stdout, stderr } = spawnSync(join(ROOT, "local-cloud", "apps", app, "check.sh"), {
      encoding: "utf8",
    });
    expect({ status, said: `${stdout}${stderr}` }).toEqual({ status: 0, said: stdout });
  });
});
