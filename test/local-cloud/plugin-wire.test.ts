import { describe, expect, it } from "vitest";
import { callsUnderWay, unary } from "../../local-cloud/plugins/lib/wire";

describe("calls under way", () => {
  it("counts a call from its arrival until it is answered or has failed", async () => {
    const call = { request: {} } as never;
    let answer: (value: object) => void = () => undefined;
    const answered = new Promise((done) =>
      unary(() => new Promise<object>((resolve) => (answer = resolve)))(call, done),
    );
    const failed = new Promise((done) => unary(() => Promise.reject(new Error("no")))(call, done));
    expect(callsUnderWay()).toBe(2);

    await failed;
    await Promise.resolve(); // the count follows the answer
    expect(callsUnderWay()).toBe(1);

    answer({});
    await answered;
    await Promise.resolve();
    expect(callsUnderWay()).toBe(0);
  });
});
