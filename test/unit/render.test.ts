import { describe, expect, it } from "vitest";
import { render } from "../../components/lib/render";

describe("render", () => {
  it("fills every place of a name and leaves other braces alone", () => {
    expect(render("{{A_1}} {a} {{b}} {{A_1}}", { A_1: "$& {{A_1}}" })).toBe(
      "$& {{A_1}} {a} {{b}} $& {{A_1}}",
    );
  });

  it("refuses what is missing, unused or of two lines, all at once", () => {
    expect(() => render("{{A}} {{B}}", { B: "x\ny", C: "z" })).toThrow(
      "template: A: must have a value; C: must be in the template; B: must hold no line break",
    );
  });

  it("does not take a name from the prototype", () => {
    expect(() =>
      render("{{CONSTRUCTOR}}", Object.create({ CONSTRUCTOR: "x" }) as Record<string, string>),
    ).toThrow("CONSTRUCTOR: must have a value");
  });
});
