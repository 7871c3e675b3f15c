import { setPath, plain, admin, edge, RANGE, type BadConfig } from "./mistakes";

export const NETWORKS: readonly BadConfig[] = [
  {
    mistake: "no admin range",
    raw: { "homeport:adminCidrs": undefined },
    message: `homeport:adminCidrs: must name at least one address range that may reach SSH, got nothing; fix: ${setPath("homeport:adminCidrs[0]", "203.0.113.7/32")}`,
  },
  admin("the whole internet", ["0.0.0.0/0"], "be narrower than the whole internet", 0),
  admin("the whole internet, v6", ["203.0.113.7/32", "::/0"], "be narrower than the whole internet", 1),
  admin("half the internet", ["128.0.0.0/1"], "be /8 or narrower", 0),
  admin("a provider's v6 block", ["2001:d00::/24"], "be /32 or narrower", 0),
  admin("an address without prefix", ["203.0.113.7"], RANGE, 0),
  admin("an octet of 256", ["203.0.113.256/32"], RANGE, 0),
  admin("a range with $()", ["$(id)/32"], RANGE, 0, '"$(id)/32"'),
  admin("host bits", ["203.0.113.7/24"], "have no bits right of its prefix: 203.0.113.0/24 is that range", 0),
  admin("a range twice", ["203.0.113.7/32", "203.0.113.7/32"], "differ from [0]", 1),
  admin("a range in another", ["203.0.113.7/32", "203.0.113.0/24"], "not lie inside [1]", 0),
  plain(
    "no list",
    "homeport:adminCidrs",
    "203.0.113.7/32",
    "be a list of address ranges",
    "203.0.113.7/32",
    `pulumi config rm homeport:adminCidrs --stack prod && ${setPath("homeport:adminCidrs[0]", "203.0.113.7/32")}`,
  ),
  edge("the whole internet as the edge", "0.0.0.0/0", "be /12 or narrower, as an edge's ranges are"),
  edge("an edge range with host bits", "198.51.100.1/24", "be written as 198.51.100.0/24"),
];
