import { HEADERS } from "../../client/headers.ts";
import { ConnectionError, RefusedError } from "../../client/message.ts";
import { givenBack, next } from "../../client/rabbitmq/batch.ts";
import { toClientError } from "../../client/rabbitmq/errors.ts";
import { type Login, linkTo } from "../../client/rabbitmq/link.ts";
import { textHeaders, unansweredOf } from "../../client/rabbitmq/properties.ts";

/** The message that stands first in a delay tier. */
export interface HeadFigures {
  /** Empty where it has none. */
  id: string;
  /** How often it was taken in hand before; each look counts one. */
  taken: number;
  /** When it was looked at, in milliseconds. */
  at: number;
  /** Since when it waits, as far as it says so itself; else when it was looked at. */
  since: number;
}

/**
 * The first message of each of these queues, which is taken in hand and given back: no figure of a quorum queue tells how long its
 * messages wait. None where the broker does not let us look, which others tell.
 */
export async function headsOf(access: Login, tiers: readonly string[]): Promise<Map<string, HeadFigures>> {
  const heads = new Map<string, HeadFigures>();
  if (tiers.length === 0) return heads;
  const link = linkTo(access);
  try {
    for (const tier of tiers) {
      const { channel } = await link.open();
      try {
        const message = await next(channel, tier);
        if (!message) continue;
        await givenBack(channel, tier, 1);
        const at = Date.now();
        const failed = Date.parse(textHeaders(message.headers)[HEADERS.failures]?.split(",").at(-1) ?? "");
        const taken = unansweredOf(message.headers);
        heads.set(tier, { id: message.messageId ?? "", taken, at, since: Number.isNaN(failed) ? at : failed });
      } finally {
        await channel.close().catch(() => {});
      }
    }
  } catch (error) {
    const failure = toClientError(error, "rabbitmq");
    if (!(failure instanceof ConnectionError || failure instanceof RefusedError)) throw failure;
  } finally {
    await link.close();
  }
  return heads;
}
