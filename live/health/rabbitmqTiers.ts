import type { Channel } from "rabbitmq-client";
import { HEADERS } from "../../client/headers.ts";
import { ConnectionError, RefusedError } from "../../client/message.ts";
import { next, putBack, seemsReady, withChannel } from "../../client/rabbitmq/batch.ts";
import { toClientError } from "../../client/rabbitmq/errors.ts";
import { type Login, linkTo } from "../../client/rabbitmq/link.ts";
import { textHeaders, unansweredOf } from "../../client/rabbitmq/properties.ts";
import { eachOf } from "../inTime.ts";

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

/** Where messages leave a tier, or its leader is silent, a look waits for seconds. */
const AT_ONCE = 4;

/**
 * The first message of each of these queues, which is taken in hand and put back: no figure of a quorum queue tells how long its
 * messages wait. None of one that the broker does not let us look into, which others tell.
 */
export async function headsOf(
  access: Login,
  tiers: readonly string[],
  link = linkTo(access),
): Promise<Map<string, HeadFigures>> {
  const look = async (tier: string): Promise<[string, HeadFigures][]> => {
    try {
      const head = await withChannel(link, tier, (channel) => headOf(channel, tier));
      return head ? [[tier, head]] : [];
    } catch (error) {
      // As the channel closes the library's own errors come, too.
      const failure = toClientError(error, tier);
      if (failure instanceof ConnectionError || failure instanceof RefusedError) return [];
      throw failure;
    }
  };
  try {
    return new Map((await eachOf(tiers, look, AT_ONCE)).flat());
  } finally {
    await link.close();
  }
}

async function headOf(channel: Channel, tier: string): Promise<HeadFigures | undefined> {
  const ready = await seemsReady(channel, tier);
  const message = await next(channel, tier);
  if (!message) return undefined;
  const at = Date.now();
  await putBack(channel, tier, [message], ready);
  const failed = Date.parse(textHeaders(message.headers)[HEADERS.failures]?.split(",").at(-1) ?? "");
  const taken = unansweredOf(message.headers);
  return { id: message.messageId ?? "", taken, at, since: Number.isNaN(failed) ? at : failed };
}
