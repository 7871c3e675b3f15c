import { describe, expect, it } from "vitest";
import { strangers, strangersMessage } from "../../components/lib/strict-neighbours";

const ZONE = { hostnames: ["mxcorre.com", "www.mxcorre.com"], accepted: [], mode: "full", stack: "prod" };

describe("strangers", () => {
  it("are the proxied names that are neither ours nor accepted, each once and in order", () => {
    const proxied = ["shop.mxcorre.com", "www.mxcorre.com", "Blog.mxcorre.com", "blog.mxcorre.com"];

    expect(strangers({ ...ZONE, proxied })).toEqual(["blog.mxcorre.com", "shop.mxcorre.com"]);
    expect(strangers({ ...ZONE, proxied, accepted: ["blog.mxcorre.com"] })).toEqual(["shop.mxcorre.com"]);
    expect(strangers({ ...ZONE, proxied: ["mxcorre.com"] })).toEqual([]);
  });

  it("are not covered by an accepted wildcard: other names of the zone have origins of their own", () => {
    const proxied = ["*.mxcorre.com", "blog.mxcorre.com"];

    expect(strangers({ ...ZONE, proxied, accepted: ["*.mxcorre.com"] })).toEqual(["blog.mxcorre.com"]);
  });
});

describe("strangersMessage", () => {
  it("is none where everybody is known", () => {
    expect(strangersMessage({ ...ZONE, proxied: ["www.mxcorre.com"] })).toBeUndefined();
  });

  it("names all of them, each with a command that adds to what is accepted already", () => {
    const proxied = ["shop.mxcorre.com", "*.mxcorre.com", "blog.mxcorre.com"];
    const rule =
      "must have an origin with a valid certificate before the whole zone is strict, or it answers 526";
    const fix = "fix: when it has one, pulumi config set --path";

    expect(strangersMessage({ ...ZONE, proxied, accepted: ["blog.mxcorre.com"] })).toBe(
      [
        "Full (strict) is not set: the zone has 2 other proxied names",
        `  *.mxcorre.com: ${rule}, got ssl mode full; ${fix} 'homeport:strictNeighbours[1]' '*.mxcorre.com' --stack prod`,
        `  shop.mxcorre.com: ${rule}, got ssl mode full; ${fix} 'homeport:strictNeighbours[2]' shop.mxcorre.com --stack prod`,
      ].join("\n"),
    );
  });
});
