import { describe, expect, inject, it } from "vitest";
import type { OperatorAccess } from "../../client/operator.ts";
import { hammer } from "./access/hammer.ts";
import { output } from "./clone.ts";

const clone = inject("clone");

describe("topic permissions that change while their user publishes", () => {
  it("never allow a key that neither the old nor the new ones allow, and always one that both allow", async () => {
    const { rabbitmq } = await output<Required<OperatorAccess>>(clone, "operator");
    const { allowed, refused, own, ownRefused } = await hammer(rabbitmq, "ours");
    expect({ allowed, ownRefused }).toEqual({ allowed: 0, ownRefused: 0 });
    expect(Math.min(refused, own)).toBeGreaterThan(10);
    // The control: as @pulumi/rabbitmq changes them.
    expect((await hammer(rabbitmq, "theirs")).allowed).toBeGreaterThan(0);
  }, 120_000);
});
