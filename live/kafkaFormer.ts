import { randomUUID } from "node:crypto";
import { openCluster } from "../client/kafka/cluster.ts";
import { patiently } from "../client/kafka/patience.ts";
import { membersOf } from "../client/kafka/state.ts";
import { markIn } from "../client/mark.ts";
import { retryTopicName } from "../skill/index.ts";
import type { KafkaLook, LookAccess } from "./look.ts";
import { heldIn } from "./replaced.ts";

/** What an earlier output told an app; see `Former` in components/former.ts. */
interface Former {
  app: string;
  mark: string;
  retries: readonly { topic: string; group: string; delay: number }[];
}

/**
 * What still needs an app's former retry topics: members of their groups that read them, and records that wait there. Of a member that
 * shows which output it has read that counts: with a later one it reads a former topic only to empty it.
 */
export async function neededOnKafka(
  access: NonNullable<LookAccess["kafka"]>,
  look: Pick<KafkaLook, "topic">,
  { app, mark, retries }: Former,
): Promise<string[]> {
  const cluster = openCluster(access, `messaging-look/${randomUUID()}`);
  try {
    const needed: string[] = [];
    for (const { topic, group, delay } of retries) {
      const place = retryTopicName(topic, group, delay);
      const members = await patiently(cluster, `looking at group ${group}`, () => membersOf(cluster, group, place));
      const old = members.filter(({ clientId }) => (markIn(clientId) ?? mark) === mark).length;
      if (old > 0) needed.push(`${place}: ${old} consumer${old === 1 ? "" : "s"} of ${app} with an earlier output`);
      needed.push(...heldIn(place, await look.topic(place)));
    }
    return needed;
  } finally {
    await cluster.close();
  }
}
