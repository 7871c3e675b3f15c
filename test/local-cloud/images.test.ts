import { chmodSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { imageSource, sourceHash } from "../../local-cloud/images/images";

describe("an image's source", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "homeport-image-"));
    mkdirSync(join(folder, "app"));
    writeFileSync(join(folder, "Dockerfile"), "FROM homeport-base:trixie\n");
    writeFileSync(join(folder, "app", "main.rb"), "puts 1\n");
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it("is the same as long as nothing changes, wherever the folder is", () => {
    const before = sourceHash(folder);
    expect(sourceHash(folder)).toBe(before);
    renameSync(folder, `${folder}-moved`);
    folder = `${folder}-moved`;
    expect(sourceHash(folder)).toBe(before);
  });

  it.each([
    ["has other content", () => writeFileSync(join(folder, "app", "main.rb"), "puts 2\n")],
    ["becomes executable", () => chmodSync(join(folder, "app", "main.rb"), 0o755)],
    ["has another name", () => renameSync(join(folder, "app", "main.rb"), join(folder, "app", "other.rb"))],
    ["is new", () => writeFileSync(join(folder, "app", "new.rb"), "")],
  ])("changes when a file %s", (_, change) => {
    const before = sourceHash(folder);
    change();
    expect(sourceHash(folder)).not.toBe(before);
  });

  it("changes with what the image stands on", () => {
    expect(sourceHash(folder, "one base")).not.toBe(sourceHash(folder, "another base"));
    expect(imageSource("host")).not.toBe(imageSource("services"));
  });
});
