import type { KafkaAccess } from "../access.ts";
import { markOf } from "../mark.ts";

/** The mark of an access: of the retry topics in it. */
export const kafkaMark = ({ consumes }: Pick<KafkaAccess, "consumes">): string =>
  markOf(
    Object.values(consumes)
      .flatMap((topics) => Object.entries(topics))
      .map(([flow, { topic, groupId, retries }]) => [flow, topic, groupId, retries]),
  );
