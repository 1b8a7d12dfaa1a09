import type { Flow } from "../flow.ts";
import { inOneAttribute } from "./headers.ts";
import { ref } from "./ids.ts";
import type { Reference } from "./model.ts";

/** What stands in a channel: a message as it was published, one that failed, or a dead letter. */
export type MessageKind = "message" | "retry" | "deadLetter";

const titles: Record<MessageKind, string> = {
  message: "A message as its producer published it",
  retry: "A message that waits for its next delivery",
  deadLetter: "A dead letter",
};

const nameOf = (broker: Flow["broker"], kind: MessageKind): string =>
  `${broker}${kind[0]!.toUpperCase()}${kind.slice(1)}`;

/** The messages that these brokers carry, for the document's components. */
export const messagesOf = (brokers: readonly Flow["broker"][]) =>
  Object.fromEntries(
    brokers.flatMap((broker) =>
      (Object.keys(titles) as MessageKind[]).map((kind) => [nameOf(broker, kind), messageOf(broker, kind)]),
    ),
  );

function messageOf(broker: Flow["broker"], kind: MessageKind) {
  const schema = kind === "message" ? "headers" : "failureHeaders";
  return {
    name: kind,
    title: titles[kind],
    headers: broker === "sqs" ? inOneAttribute(schema) : ref("components", "schemas", schema),
    payload: ref("components", "schemas", "payload"),
    ...(broker === "redis" && {
      summary: "An entry of the stream: the field body, and each header as a field beside it.",
    }),
  };
}

/** A channel's one message. Channels of Redis carry bodies alone. */
export const carried = (broker: Flow["broker"], kind: MessageKind): Record<string, Reference> => ({
  [kind]: ref("components", "messages", nameOf(broker, kind)),
});

/** What Pub/Sub carries: a body and nothing beside it. */
export const broadcast = {
  name: "broadcast",
  title: "A message that nobody keeps",
  summary: "The body alone: Pub/Sub has no headers, no retries and no dead letters.",
  payload: { $ref: "#/components/schemas/payload" },
};
