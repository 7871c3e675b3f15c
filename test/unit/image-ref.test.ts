import { describe, expect, it } from "vitest";
import { isPinned, parseImageRef } from "../../components/lib/image-ref";

const DIGEST = `sha256:${"0123456789abcdef".repeat(4)}`;

describe("parseImageRef", () => {
  it.each([
    ["postgres:16", { registry: "docker.io", repository: "library/postgres", tag: "16", digest: undefined }],
    ["ghcr.io/a/b", { registry: "ghcr.io", repository: "a/b", tag: undefined, digest: undefined }],
    ["a/b__c:1.0", { registry: "docker.io", repository: "a/b__c", tag: "1.0", digest: undefined }],
    [
      `localhost:5000/x@${DIGEST}`,
      { registry: "localhost:5000", repository: "x", tag: undefined, digest: DIGEST },
    ],
    [`ghcr.io/a/b:1@${DIGEST}`, { registry: "ghcr.io", repository: "a/b", tag: "1", digest: DIGEST }],
  ])("splits %s as Docker does", (text, ref) => {
    expect(parseImageRef(text)).toEqual(ref);
  });

  it.each([
    "",
    ":1",
    "a:",
    "A/b:1",
    "a@sha256:12",
    `a@${DIGEST}@${DIGEST}`,
    `a@md5:${"0".repeat(32)}`,
    "a b:1",
    "a:$(id)",
    "a//b:1",
    "ghcr.io/:1",
    "-x.io/a:1",
    "a:1\n",
  ])("refuses %j", (text) => {
    expect(parseImageRef(text)).toBeUndefined();
  });
});

describe("isPinned", () => {
  it.each([
    ["a:1", true],
    [`a@${DIGEST}`, true],
    [`a:latest@${DIGEST}`, true],
    ["a:latest", false],
    ["a", false],
  ])("%s: %s", (text, pinned) => {
    expect(isPinned(parseImageRef(text)!)).toBe(pinned);
  });
});
