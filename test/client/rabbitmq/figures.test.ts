import { describe, expect, it } from "vitest";
import { counted, type ListedQueue, surelyHolds, whyUnknown } from "../../../client/rabbitmq/figures.ts";

const figures = { messages: 0, messages_ready: 0, messages_unacknowledged: 0 };
const base: ListedQueue = { name: "orders", vhost: "v", type: "quorum", state: "running", node: "r@1", leader: "r@1" };
const quorum = (more: object = {}): ListedQueue => ({
  ...base,
  ...figures,
  members: ["r@1", "r@2", "r@3"],
  online: ["r@1", "r@2", "r@3"],
  ...more,
});
const classic: ListedQueue = { name: "orders", vhost: "v", type: "classic", state: "running", node: "r@1", ...figures };

describe("whether a queue's figures say what it holds", () => {
  it.each<[string, ListedQueue]>([
    ["a quorum queue with all copies", quorum()],
    ["with two of three copies", quorum({ online: ["r@1", "r@2"] })],
    ["with one of one", quorum({ members: ["r@1"], online: ["r@1"] })],
    ["one whose publishers are slowed down", quorum({ state: "flow" })],
    ["a classic queue", classic],
    ["one of an older RabbitMQ that says no state", { ...classic, state: undefined }],
    ["a stream", quorum({ type: "stream" })],
  ])("they do: %s", (_, queue) => {
    expect(whyUnknown(queue)).toBeUndefined();
  });

  it.each<[string, ListedQueue, RegExp]>([
    [
      "one of three copies runs",
      quorum({ online: ["r@1"] }),
      /^only 1 of its 3 copies run \(r@1\).*start .*: r@2, r@3$/,
    ],
    ["two of four", quorum({ members: ["1", "2", "3", "4"], online: ["1", "2"] }), /^only 2 of its 4 copies run/],
    ["none", quorum({ online: [] }), /^only 0 of its 3 copies run \(none\)/],
    ["nobody knows which", quorum({ online: undefined }), /^only 0 of its 3/],
    ["minority", quorum({ state: "minority" }), /^its state is minority; .*start the nodes/],
    ["down", { ...classic, state: "down" }, /^its state is down/],
    ["crashed", { ...classic, state: "crashed" }, /^its state is crashed/],
    ["stopped", { ...classic, state: "stopped" }, /^its state is stopped/],
    ["a state that nobody has heard of", quorum({ state: "moving" }), /^its state is moving/],
    ["no leader", quorum({ leader: undefined }), /^it has no leader; wait/],
    ["an empty leader", quorum({ type: "stream", leader: "" }), /^it has no leader/],
    ["no figures", { ...base }, /^the broker has no figures of it; .*disable_stats/],
    ["half of them", quorum({ messages_ready: undefined }), /^the broker has no figures/],
    ["no sum", quorum({ messages: undefined }), /^the broker has no figures/],
    ["null", quorum({ messages_unacknowledged: null }), /^the broker has no figures/],
    ["a word", quorum({ messages: "n/a" }), /^the broker has no figures/],
    ["NaN", quorum({ messages: Number.NaN }), /^the broker has no figures/],
  ])("they do not: %s", (_, queue, why) => {
    expect(whyUnknown(queue)).toMatch(why);
  });
});

describe("what is counted", () => {
  it.each<[string, object, { messageCount: number; consumerCount: number } | undefined, object]>([
    ["nothing", {}, { messageCount: 0, consumerCount: 0 }, { ready: 0, unacknowledged: 0, consumers: 0 }],
    [
      "the figures, where AMQP says 0 and 0 of a leader that is silent",
      { messages: 10, messages_ready: 10, consumers: 1 },
      { messageCount: 0, consumerCount: 0 },
      { ready: 10, unacknowledged: 0, consumers: 1 },
    ],
    ["AMQP, where the figures are older", {}, { messageCount: 4, consumerCount: 2 }, { ready: 4, consumers: 2 }],
    [
      "AMQP, where the figures are out of date",
      { messages_ready: 9 },
      { messageCount: 4, consumerCount: 0 },
      { ready: 4 },
    ],
    ["what is in hand", { messages: 3, messages_unacknowledged: 3 }, undefined, { ready: 0, unacknowledged: 3 }],
    ["the sum, where it is more than its parts", { messages: 5, messages_unacknowledged: 2 }, undefined, { ready: 3 }],
    ["no figure as none", { messages: undefined, messages_ready: null }, undefined, { ready: 0 }],
  ])("%s", (_, more, declared, expected) => {
    expect(counted(quorum(more), declared)).toMatchObject(expected);
  });

  it("surely holds something only where the leader has answered", () => {
    const inHand = quorum({ messages: 1, messages_unacknowledged: 1 });
    expect(surelyHolds(quorum(), { messageCount: 1, consumerCount: 0 })).toBe(true);
    expect(surelyHolds(inHand, { messageCount: 0, consumerCount: 1 })).toBe(true);
    expect(surelyHolds(inHand, { messageCount: 0, consumerCount: 0 })).toBe(false);
    expect(surelyHolds(quorum(), { messageCount: 0, consumerCount: 1 })).toBe(false);
  });
});
