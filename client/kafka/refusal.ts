import { ConfigResourceTypes } from "@platformatic/kafka";
import { harmTo } from "../deadLetters.ts";
import type { KafkaDeadLetters } from "../operator.ts";
import type { Cluster } from "./cluster.ts";
import { membersOn, othersOn } from "./state.ts";
import { describeConfigsV4, isPassing, told } from "./wire.ts";

const POLICY = "cleanup.policy";

/**
 * Why nothing may be redriven to where a group's dead letters go back to: as the last of its key in a compacted topic, an old record
 * would delete a newer one; other groups of the topic would handle it again, unless that is accepted (`othersToo`); and what is put
 * into a retry topic waits for a member that reads it, and must not be compacted there.
 */
export async function refusalOf(
  cluster: Cluster,
  own: KafkaDeadLetters,
  othersToo: boolean,
): Promise<string | undefined> {
  const { topic, groupId, redriveTopic } = own;
  if (redriveTopic !== topic) {
    const [all, readers] = await membersOn(cluster, groupId, [topic, redriveTopic]);
    if (all!.length > 0 && readers!.length === 0)
      return `Kafka: no member of group ${groupId} (it has ${all!.length}) reads ${redriveTopic}, where its dead letters go back to: let them read that topic too, or stop them: what is put there waits for a member that reads it`;
    const policy = await policyOf(cluster, redriveTopic);
    if (policy instanceof Error || !policy.includes("compact")) return undefined;
    return `Kafka: the dead letters of group ${groupId} go back to ${redriveTopic}, and its ${POLICY} was changed to ${policy}: of two with one key, compaction would delete the first. Set it back: pulumi up --refresh`;
  }
  const back = `Kafka: group ${groupId} has no retry topic, so its dead letters go back to topic ${topic}, which`;
  const place = `${back} all its groups read`;
  const policy = await policyOf(cluster, topic);
  if (policy instanceof Error)
    return `${place}, and whether that is compacted is not known (${policy.message}): in a compacted topic an old record would delete a newer one of its key`;
  if (!policy.includes("compact")) {
    const others = othersToo ? [] : await othersOn(cluster, own);
    return harmTo(others, back, `give ${groupId} retry topics (retry.maxAttempts above 1), `);
  }
  return `${place}, and its ${POLICY} is ${policy}: an old record would become the last one of its key, and compaction delete the newer one. Redrive to another flow (--to), or publish again what is still true`;
}

/** What a topic's records are cleaned up by; the refusal where Kafka does not tell. */
async function policyOf(cluster: Cluster, topic: string): Promise<string | Error> {
  const asked = [{ resourceType: ConfigResourceTypes.TOPIC, resourceName: topic, configurationKeys: [POLICY] }];
  try {
    const { results } = await cluster.ask(describeConfigsV4.api, asked, false, false);
    const value = results[0]?.configs.find(({ name }) => name === POLICY)?.value;
    return value ?? new Error(`Kafka does not tell its ${POLICY}`);
  } catch (error) {
    if (isPassing(error)) throw error;
    return told(error, `reading the configuration of ${topic}`);
  }
}
