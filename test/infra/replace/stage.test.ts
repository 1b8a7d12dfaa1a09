import { describe, expect, it } from "vitest";
import { type Replacement, stageOf, toldOf } from "../../../infra/replace/stage.ts";

const now = new Date("2026-01-02T03:04:05Z");
const orders: Replacement = { broker: "rabbitmq", kind: "queue", old: "orders", next: "orders-v2" };

describe("the stage of a replacement", () => {
  it("is moving while anything holds the old one", () => {
    expect(stageOf({ exists: true, holds: ["orders: 2 messages (2 ready)", "orders: 1 consumer"] }, now)).toEqual({
      stage: "moving",
      seen: "orders: 2 messages (2 ready); orders: 1 consumer; looked at 2026-01-02T03:04:05.000Z",
    });
  });

  it("is moving where nobody can look: what cannot be seen counts as not empty", () => {
    expect(stageOf(new Error("the broker does not answer"), now)).toEqual({
      stage: "moving",
      seen: "cannot be looked at (the broker does not answer); looked at 2026-01-02T03:04:05.000Z",
    });
  });

  it("is leaving when nothing holds the old one, and gone when there is none", () => {
    expect(stageOf({ exists: true, holds: [] }, now).stage).toBe("leaving");
    expect(stageOf({ exists: false, holds: [] }, now).stage).toBe("gone");
  });

  it("is another one in the next run, so that moving goes on", () => {
    const seen = { exists: true, holds: ["orders: 2 messages (2 ready)"] };
    expect(stageOf(seen, now).seen).not.toBe(stageOf(seen, new Date(now.getTime() + 1)).seen);
  });

  it("is told in a line, as a warning when the skill may be tidied", () => {
    const told = (holds: string[], exists = true) => toldOf(orders, stageOf({ exists, holds }, now));
    expect([told(["orders: 2 messages (2 ready)"]), told([]), told([], false)]).toMatchInlineSnapshot(`
      [
        {
          "severity": "info",
          "text": "rabbitmq.replace: orders -> orders-v2: orders is kept beside orders-v2 and emptied into it (orders: 2 messages (2 ready); looked at 2026-01-02T03:04:05.000Z).",
        },
        {
          "severity": "info",
          "text": "rabbitmq.replace: orders -> orders-v2: orders holds nothing that orders-v2 has not, and goes.",
        },
        {
          "severity": "warn",
          "text": "rabbitmq.replace: orders -> orders-v2: there is no queue orders any more. When every app has read its new access, take the line and the queue orders out of the skill, and write at orders-v2 what it has from orders: bindings, producers, consumers.",
        },
      ]
    `);
  });
});
