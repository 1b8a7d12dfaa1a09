import { describe, expect, it } from "vitest";
import { together } from "../../live/holding.ts";
import { toHolding } from "../../live/rabbitmq.ts";

describe("holdings", () => {
  it("are counted together, from the oldest to the last", () => {
    const [early, late] = [new Date(1), new Date(9)];
    expect(
      together(
        [
          { messages: 2, waiting: 1, detail: "", oldest: late, lastWrite: late },
          { messages: 3, waiting: 3, detail: "", oldest: early, lastWrite: early },
        ],
        "both",
      ),
    ).toEqual({ messages: 5, waiting: 4, detail: "both", oldest: early, lastWrite: late });
    expect(together([], "none")).toEqual({ messages: 0, waiting: 0, detail: "none" });
  });

  it("of a RabbitMQ queue are what is ready and what consumers have in hand", () => {
    expect(toHolding(3, 0)).toEqual({ messages: 3, waiting: 3, detail: "3 ready" });
    expect(toHolding(0, 2)).toEqual({ messages: 2, waiting: 2, detail: "0 ready, 2 unacknowledged" });
  });
});
