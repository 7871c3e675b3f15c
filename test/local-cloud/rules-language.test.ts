import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { COMPARISONS, type Expression, LOGIC, type Member } from "../../local-cloud/rules/ast";
import { holds, textOf, type Value } from "../../local-cloud/rules/evaluate";
import { FIELDS } from "../../local-cloud/rules/language";
import { parseExpression } from "../../local-cloud/rules/parse";
import { printExpression } from "../../local-cloud/rules/print";

const REQUEST: Record<string, Value> = {
  "http.host": "shop.example.com",
  "http.request.method": "POST",
  "http.request.uri.path": "/admin/Login",
  "http.request.uri.query": "a=1",
  "http.request.headers": { "x-token": ["one", "two"], accept: ["text/html"] },
  "http.request.timestamp.sec": 1000,
  "ip.src": "198.51.100.7",
  ssl: true,
};
const fields = (name: string): Value | undefined => REQUEST[name];
const test = (text: string): boolean => holds(parseExpression(text), fields);
const target = (text: string): string => textOf(parseExpression(text, "target"), fields);

describe("the Rules language", () => {
  it.each([
    ["true", true],
    ["ssl", true],
    ["not ssl", false],
    ['http.host eq "shop.example.com"', true],
    ['http.host == "SHOP.example.com"', false],
    ['lower(http.request.uri.path) contains "login" && http.request.method in {"POST" "PUT"}', true],
    ['http.request.uri.path wildcard "/ADMIN/*"', true],
    ['http.request.uri.path strict wildcard "/ADMIN/*"', false],
    ['http.request.uri.path wildcard r"/admin"', false],
    ['http.request.uri.path matches "^/adm[a-z]+/"', true],
    [String.raw`http.request.uri.path ~ r#"^/"admin"#`, false],
    [String.raw`http.request.uri.path matches "^/adm\\w+/"`, true],
    ['starts_with(http.request.uri.path, "/admin") and not ip.src in {203.0.113.0/24 2001:db8::/32}', true],
    ["ip.src in {198.51.100.0/24}", true],
    ["ip.src eq 198.51.100.7", true],
    ["ip.src gt 198.51.99.255", true],
    ["http.request.timestamp.sec in {1..999 1000..1001}", true],
    ["http.request.timestamp.sec < 1000 or len(http.host) ge 16", true],
    ['any(http.request.headers["x-token"][*] eq "two")', true],
    ['all(http.request.headers["X-Token"][*] eq "two")', false],
    ['any(lower(http.request.headers["accept"][*]) contains "html")', true],
    ['http.request.headers["x-token"][0] eq "one"', true],
    ['http.request.headers["absent"][0] eq "one"', false],
    ['http.request.headers["absent"][0] ne "one"', true],
    // not before and before xor before or
    ["true or true and false", true],
    ["(true or true) and false", false],
    ["true xor true or true", true],
    ["true xor false and false", true],
    ["not false and false", false],
    ["!ssl || ssl ^^ !ssl", true],
    [String.raw`http.host ne "\x41\"\\"`, true],
  ])("reads %s as %s", (text, expected) => {
    expect(test(text)).toBe(expected);
  });

  it.each([
    ['concat("https://", http.host, http.request.uri.path)', "https://shop.example.com/admin/Login"],
    ['regex_replace(http.request.uri.path, "^/admin/(.*)$", "/new/${1}")', "/new/Login"],
    ['wildcard_replace(http.request.uri.path, "/ADMIN/*", "/a/${1}/b")', "/a/Login/b"],
    ['wildcard_replace(http.request.uri.path, "/ADMIN/*", "/a/${1}", "s")', "/admin/Login"],
    ["substring(http.host, 0, 4)", "shop"],
    ["substring(http.host, -3)", "com"],
    ['upper(url_decode("%61+%2b"))', "A +"],
  ])("makes %s into %s", (text, expected) => {
    expect(target(text)).toBe(expected);
  });

  it.each([
    ["", "1:1", /Expected/],
    ['http.host eq "a" and', "1:21", /Expected/],
    ["http.host = 3", "1:11", /Expected/],
    ['cf.bot_management.score lt 30 or http.host eq "a"', "1:1", /subset/],
    ['http.host eq "a" or\n sha256(http.host) eq "b"', "2:2", /unknown function/],
    ["http.host eq 3", "1:14", /type String, but got Int/],
    ['ip.src eq "1.2.3.4"', "1:11", /type Ip, but got String/],
    ["ip.src eq 1.2.3.0/24", "1:11", /in \{…\}/],
    ["ip.src in {1.2.3.400}", "1:12", /invalid IP/],
    ["ip.src in {1.2.3.0/33}", "1:12", /invalid IP/],
    ["ip.src in $office", "1:11", /subset/],
    ["ssl eq 1", "1:1", /does not go with/],
    ["http.host", "1:1", /type Bool/],
    ['http.request.headers["a"] eq "b"', "1:1", /does not go with/],
    ['http.request.headers["a"][*] eq "b"', "1:1", /any/],
    ["http.request.timestamp.sec in {5..1}", "1:32", /range bounds/],
    ['http.host matches "("', "1:19", /invalid pattern/],
    ['http.host matches "(?=a)"', "1:19", /invalid pattern/],
    ['http.host wildcard "a**"', "1:20", /invalid pattern/],
    ["http.response.code eq 404", "1:1", /counting/],
    ['regex_replace(http.host, "a", "b") eq "c"', "1:1", /not available/],
    ['lower() eq "a"', "1:1", /arguments/],
    ['constructor eq "a"', "1:1", /unknown identifier/],
    [`http.host eq "${"a".repeat(5000)}"`, "1:4097", /longer than/],
  ])("refuses %s at %s", (text, place, reason) => {
    expect(() => parseExpression(text)).toThrow(reason);
    expect(() => parseExpression(text)).toThrow(new RegExp(`^${place}:`));
  });

  it("marks the place of a fault as the API does", () => {
    let message = "";
    try {
      parseExpression('ssl and http.hots eq "a"');
    } catch (error) {
      message = (error as { filterMessage: string }).filterMessage;
    }
    expect(message.split("\n").slice(0, 3)).toEqual([
      "Filter parsing error (1:9):",
      'ssl and http.hots eq "a"',
      expect.stringMatching(/^ {8}\^{9} unknown identifier/),
    ]);
  });
});

const named = (type: string): string[] =>
  Object.entries(FIELDS).flatMap(([name, spec]) => (spec.type === type && !spec.ofReply ? [name] : []));
const field = (type: string): fc.Arbitrary<Expression> =>
  fc.constantFrom(...named(type)).map((name) => ({ kind: "field", name, index: [] }));
const address = fc.oneof(
  fc.ipV4(),
  fc.ipV6().filter((text) => !text.includes(".")),
);
const text = fc.string({ unit: "grapheme" });
const comparison: fc.Arbitrary<Expression> = fc.oneof(
  fc.record({
    kind: fc.constant("compare" as const),
    operator: fc.constantFrom(...COMPARISONS.slice(0, 7)),
    left: fc.oneof(
      field("string"),
      field("string").map((one): Expression => ({ kind: "call", name: "lower", arguments: [one] })),
    ),
    right: text.map((value) => ({ kind: "string" as const, value })),
  }),
  fc.record({
    kind: fc.constant("in" as const),
    left: field("number"),
    set: fc.array(
      fc.oneof<fc.Arbitrary<Member>[]>(
        fc.integer().map((value) => ({ kind: "number", value })),
        fc.tuple(fc.integer(), fc.nat()).map(([from, more]) => ({ kind: "range", from, to: from + more })),
      ),
      { minLength: 1 },
    ),
  }),
  fc.record({
    kind: fc.constant("in" as const),
    left: field("ip"),
    set: fc.array(
      address.map((value): Member => ({ kind: "ip", value })),
      { minLength: 1 },
    ),
  }),
  field("boolean"),
);
const { expression } = fc.letrec<{ expression: Expression }>((tie) => ({
  expression: fc.oneof(
    { maxDepth: 4 },
    comparison,
    tie("expression").map((of): Expression => ({ kind: "not", of })),
    fc
      .tuple(fc.constantFrom(...LOGIC), fc.array(tie("expression"), { minLength: 2, maxLength: 3 }))
      .map(([operator, all]): Expression => ({ kind: "logic", operator, all })),
  ),
}));

describe("any expression", () => {
  const short = (one: Expression): boolean => printExpression(one).length <= 4096;

  it("reads back as itself when printed", () => {
    fc.assert(
      fc.property(expression.filter(short), (one) => {
        expect(parseExpression(printExpression(one))).toEqual(one);
      }),
    );
  });

  it("is true or its negation is, and logic follows Boolean algebra", () => {
    fc.assert(
      fc.property(expression, expression, (a, b) => {
        const is = (one: Expression): boolean => holds(one, fields);
        expect(is({ kind: "not", of: a })).toBe(!is(a));
        expect(is({ kind: "logic", operator: "and", all: [a, b] })).toBe(is(a) && is(b));
        expect(is({ kind: "logic", operator: "or", all: [a, b] })).toBe(is(a) || is(b));
        expect(is({ kind: "logic", operator: "xor", all: [a, b] })).toBe(is(a) !== is(b));
      }),
    );
  });

  it("finds an address in every range around it", () => {
    fc.assert(
      fc.property(fc.ipV4(), fc.integer({ min: 0, max: 32 }), (ip, bits) => {
        const at = (name: string): Value | undefined => (name === "ip.src" ? ip : undefined);
        expect(holds(parseExpression(`ip.src in {${ip}/${bits}}`), at)).toBe(true);
        expect(holds(parseExpression(`ip.src eq ${ip}`), at)).toBe(true);
      }),
    );
  });

  it("survives any text: it reads or is refused with a place", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (any) => {
        try {
          parseExpression(any);
        } catch (error) {
          expect(String(error)).toMatch(/^Error: \d+:\d+: /);
        }
      }),
    );
  });
});
