import type { AsyncMessage, Channel } from "rabbitmq-client";
import { expect, it } from "vitest";
import { UntoldError } from "../../client/message.ts";
import type { Link } from "../../client/rabbitmq/link.ts";
import { headsOf } from "../../live/health/rabbitmqTiers.ts";
import { delivered } from "../client/rabbitmq/message.ts";

interface Tier {
  /** What was given back, which comes before all else. */
  returned: string[];
  fresh: string[];
}

/** A link to quorum queues; the leader of one that is undefined is silent. */
function linkTo(tiers: Record<string, Tier | undefined>): Link {
  const open = async () => {
    const inHand = new Map<number, { id: string; queue: string }>();
    let tag = 0;
    let prefetch = 0;
    const next = async (queue: string): Promise<AsyncMessage | undefined> => {
      const { returned, fresh } = tiers[queue]!;
      const redelivered = returned.length > 0;
      const id = (redelivered ? returned : fresh).shift();
      if (id === undefined) return undefined;
      inHand.set(++tag, { id, queue });
      return { ...(await delivered({ messageId: id, deliveryTag: tag })), redelivered };
    };
    const giveBack = (deliveryTag: number) => {
      const { id, queue } = inHand.get(deliveryTag)!;
      inHand.delete(deliveryTag);
      tiers[queue]!.returned.push(id);
    };
    const channel = {
      queueDeclare: async ({ queue }: { queue: string }) => {
        const { returned = [], fresh = [] } = tiers[queue] ?? {};
        return { queue, messageCount: returned.length + fresh.length };
      },
      basicGet: async ({ queue }: { queue: string }) => {
        if (!tiers[queue]) throw new UntoldError("the leader is silent");
        return next(queue);
      },
      basicQos: async ({ prefetchCount }: { prefetchCount: number }) => {
        prefetch = prefetchCount;
      },
      basicConsume: async ({ queue }: { queue: string }, take: (message: AsyncMessage) => void) => {
        for (let left = prefetch; left > 0; left--) {
          const message = await next(queue);
          if (message) take(message);
        }
      },
      basicCancel: async () => {},
      basicNack: ({ deliveryTag, multiple }: { deliveryTag: number; multiple?: boolean }) => {
        for (const one of multiple ? [...inHand.keys()] : [deliveryTag]) giveBack(one);
      },
      close: async () => {},
    } as unknown as Channel;
    return { channel, ended: new Promise<Error>(() => {}) };
  };
  return { open, blocked: () => undefined, close: async () => {} };
}

it("A look at the first message of a delay tier keeps the order of those that were given back before", async () => {
  const tier = { returned: ["a", "b"], fresh: ["c"] };
  for (const _ of ["first look", "second look"]) {
    const heads = await headsOf(undefined as never, ["tier"], linkTo({ tier }));
    expect(heads.get("tier")?.id).toBe("a");
    expect([...tier.returned, ...tier.fresh]).toEqual(["a", "b", "c"]);
  }
});

it("A delay tier whose leader is silent hides none of the others", async () => {
  const tier = (id: string): Tier => ({ returned: [], fresh: [id] });
  const link = linkTo({ one: tier("a"), two: undefined, three: tier("c"), four: { returned: [], fresh: [] } });
  const heads = await headsOf(undefined as never, ["one", "two", "three", "four"], link);
  expect([...heads].map(([name, { id }]) => [name, id])).toEqual([
    ["one", "a"],
    ["three", "c"],
  ]);
});
