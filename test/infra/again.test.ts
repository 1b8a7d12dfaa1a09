import { describe, expect, it } from "vitest";
import { isPassing } from "../../infra/again.ts";

const refused = 'Put "http://r:15672/api/queues/shop/orders": dial tcp 10.0.0.1:15672: connect: connection refused';
const queue = "rabbitmq:index/queue:Queue";

describe("what failed on a broker is done again", () => {
  it.each([
    [refused],
    ['Get "https://r:15671/api/exchanges/shop/x": EOF'],
    ['Put "http://r:15672/api/users/shop": read tcp 10.0.0.9:1->10.0.0.1:15672: read: connection reset by peer'],
    ["Error 503 from RabbitMQ: invalid character '<' looking for beginning of value"],
  ])("where the broker is away: %s", (last) => {
    expect(isPassing({ type: queue, failedOperation: "create", errors: [last] })).toBe(true);
  });

  it.each([
    ["Error: API responded with a 401 Unauthorized"],
    ["Error 400 (bad_request): inequivalent arg 'x-queue-type' for queue 'orders'"],
    [
      'rpc error: code = Unavailable desc = connection error: desc = "transport: dial tcp 127.0.0.1:1: connection refused"',
    ],
  ])("and not where it refuses, or its provider was ended: %s", (last) => {
    expect(isPassing({ type: queue, failedOperation: "create", errors: [last] })).toBe(false);
  });

  it("for a minute, and never where it deletes or changes what holds messages", () => {
    const seven = Array<string>(7).fill(refused);
    expect(isPassing({ type: queue, failedOperation: "create", errors: seven })).toBe(true);
    expect(isPassing({ type: queue, failedOperation: "create", errors: [...seven, refused] })).toBe(false);
    expect(isPassing({ type: queue, failedOperation: "delete", errors: [refused] })).toBe(false);
    const rights = "rabbitmq:index/topicPermissions:TopicPermissions";
    expect(isPassing({ type: rights, failedOperation: "delete", errors: [refused] })).toBe(true);
  });
});
