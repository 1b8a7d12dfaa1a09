import { describe, expect, it } from "vitest";
import { identityBy } from "../../live/rabbitmqIdentity.ts";
import { isOutdated, sameness } from "../../live/sameCluster.ts";

const id = (name: string) => `rabbitmq-cluster-id-${name}`;

describe("the cluster that answers, against the recorded one", () => {
  it.each([
    // Records of earlier versions: the name of the node that was asked, or the one that somebody gave.
    ["same", `rabbit@1 (${id("x")})`, `rabbit@1 (${id("x")} on rabbit@1)`],
    ["same", `rabbit@1 (${id("x")})`, `rabbit@2 (${id("x")} on rabbit@1, rabbit@2, rabbit@3)`],
    ["same", `rabbit@1.example.org (${id("x")})`, `rabbit@2.example.org (${id("x")} on rabbit@1, rabbit@2)`],
    ["same", `rabbit@1 (${id("x")})`, `shop (${id("x")} on rabbit@1, rabbit@2)`],
    ["same", `shop (${id("x")})`, `shop (${id("x")} on rabbit@1, rabbit@2)`],
    ["same", `rabbit@container (${id("x")})`, `rabbit@container (${id("x")} on rabbit@localhost)`],
    ["unsure", `rabbit@1 (${id("x")})`, `rabbit@9 (${id("x")} on rabbit@8, rabbit@9)`],
    ["unsure", `rabbit@1 (${id("x")})`, `rabbit@10 (${id("x")} on rabbit@10)`],
    ["unsure", `shop (${id("x")})`, `copy (${id("x")} on rabbit@1)`],
    ["unsure", `rabbit@a (${id("x")})`, `rabbit@b (${id("x")} on rabbit@localhost)`],
    ["other", `rabbit@1 (${id("x")})`, `rabbit@1 (${id("y")} on rabbit@1)`],
    ["other", `shop (${id("x")})`, `shop (${id("y")} on rabbit@1)`],
    // Records of nodes.
    ["same", `rabbit@1 (${id("x")} on rabbit@1, rabbit@2)`, `rabbit@3 (${id("x")} on rabbit@2, rabbit@3)`],
    ["same", `shop (${id("x")} on rabbit@1)`, `rabbit@1 (${id("x")} on rabbit@1)`],
    ["same", `rabbit@1 (${id("x")} on rabbit@1)`, `shop (${id("x")} on rabbit@1)`],
    ["same", `rabbit@a (${id("x")} on rabbit@localhost)`, `rabbit@a (${id("x")} on rabbit@localhost, rabbit@b)`],
    ["unsure", `shop (${id("x")} on rabbit@1, rabbit@2)`, `shop (${id("x")} on rabbit@8, rabbit@9)`],
    ["unsure", `rabbit@a (${id("x")} on rabbit@localhost)`, `rabbit@b (${id("x")} on rabbit@localhost)`],
    ["other", `rabbit@1 (${id("x")} on rabbit@1)`, `rabbit@1 (${id("y")} on rabbit@1)`],
    // Brokers without an internal id, and the others.
    ["same", "rabbit@old", "rabbit@old"],
    ["other", "rabbit@old", "rabbit@older"],
    ["same", "rabbit@old", `rabbit@old (${id("x")} on rabbit@old)`],
    ["other", "MkU3OEVBNTcwNTJENDM2Qg", "5L6g3nShT-eMCtK--X86sw"],
    ["other", "account 000000000000 in us-east-1", "account 000000000001 in us-east-1"],
    ["other", "a mark", undefined],
  ])("is %s: %s, %s", (expected, recorded, live) => {
    expect(sameness(recorded, live)).toBe(expected);
  });

  it.each([
    [false, `rabbit@1 (${id("x")})`, `rabbit@2 (${id("x")} on rabbit@1, rabbit@2)`],
    [false, `rabbit@1 (${id("x")} on rabbit@1)`, `rabbit@2 (${id("x")} on rabbit@1, rabbit@2)`],
    [true, `rabbit@1 (${id("x")} on rabbit@1, rabbit@2)`, `rabbit@2 (${id("x")} on rabbit@2, rabbit@3)`],
  ])("is recorded anew where a recorded node is gone: %s, %s, %s", (expected, recorded, live) => {
    expect(isOutdated(recorded, live)).toBe(expected);
  });
});

describe("the identity of a RabbitMQ cluster", () => {
  const api = (value: string | undefined) => ({
    get: async (path: unknown) =>
      (path === "nodes" ? [{ name: "rabbit@2" }, { name: "rabbit@1" }] : { name: "rabbit@2" }) as never,
    find: async () => (value && { value }) as never,
  });
  it("names the nodes in one order, and is the name alone on a broker without an internal id", async () => {
    expect(await identityBy(api(id("x")))).toBe(`rabbit@2 (${id("x")} on rabbit@1, rabbit@2)`);
    expect(await identityBy(api(undefined))).toBe("rabbit@2");
  });
});
