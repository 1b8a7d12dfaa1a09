import { describe, expect, it } from "vitest";
import { readPlan } from "../../toolchain/plan.ts";

describe("what a preview printed", () => {
  it("is its steps, and what it said was wrong", () => {
    const diagnostics = [
      { severity: "info", message: "hello" },
      { severity: "error", message: "first\n" },
      { severity: "error", message: "second\n" },
    ];
    expect(readPlan(JSON.stringify({ steps: [{ op: "same" }], diagnostics }))).toEqual({
      steps: [{ op: "same" }],
      said: "first\nsecond",
    });
    expect(readPlan(JSON.stringify({ steps: [] }))).toEqual({ steps: [], said: "" });
  });

  it("is nothing where it is no JSON", () => {
    expect(readPlan("error: no stack selected")).toEqual({ said: "" });
  });
});
