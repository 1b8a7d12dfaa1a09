import { type CopiedTopic, copiedTopics } from "../../components/kafka/replacement.ts";
import type { Skill } from "../../skill/index.ts";

/** What is copied from a topic, where it is one that is replaced or holds the retries or dead letters of one. */
export const copiedTopicOf = ({ kafka }: Skill, name: string): CopiedTopic | undefined =>
  Object.keys(kafka?.replace ?? {})
    .flatMap((old) => copiedTopics(kafka!, old))
    .find(({ from }) => from === name);
