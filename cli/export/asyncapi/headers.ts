import { HEADERS } from "../../../client/headers.ts";

type Header = keyof typeof HEADERS;

const time = { type: "string", format: "date-time" };
const count = { type: "string", pattern: "^[0-9]{1,9}$" };
const text = { type: "string" };

/** Each header of the contract (docs/contract.md): its form, and what it says. */
const described: Record<Header, { type: string; [key: string]: unknown }> = {
  id: { ...text, description: "The message's identity, which survives retries, dead-lettering and redrives." },
  publishedAt: { ...time, description: "When its producer published it." },
  key: { ...text, description: "The key that it was published with." },
  expiration: { ...count, description: "RabbitMQ: milliseconds after which it would have expired in its first queue." },
  attempt: { ...count, description: "Which delivery this is, from 1. Absent: the first." },
  notBefore: { ...time, description: "Kafka: not to be handled before this time." },
  failures: { ...text, description: "When each delivery so far failed, joined by commas; on SQS and Redis the last." },
  error: { ...text, maxLength: 1024, description: "The last error's message." },
  errorName: { ...text, description: "The last error's name, such as TypeError." },
  errorStack: { ...text, maxLength: 8192, description: "The last error's stack." },
  refusal: { ...text, maxLength: 1024, description: "Why it lies elsewhere than its failure asked for." },
  origin: { ...text, description: "The flow where it was first delivered, such as rabbitmq/orders." },
  originPosition: { ...text, description: "Where in it: exchange and key, partition and offset, message or entry." },
  consumer: { ...text, description: "Who failed: the app or the consumer group." },
  redriveCount: { ...count, description: "How often it was redriven; three times at most." },
  redriveId: { ...text, description: "The redrive that put it back last." },
  redriveGroup: { ...text, description: "The consumer group that it is redriven for; others acknowledge it unseen." },
  verify: { ...text, description: "A canary of messaging verify: <run> good|poison <flow>." },
};

const properties = (names: readonly Header[]) =>
  Object.fromEntries(names.map((name) => [HEADERS[name], described[name]]));

const all = Object.keys(HEADERS) as Header[];
const ofFailures: Header[] = [
  "failures",
  "error",
  "errorName",
  "errorStack",
  "refusal",
  "origin",
  "originPosition",
  "consumer",
];

/** The schemas of headers: what any message may carry, and what a dead letter that a consumer gave up carries besides. */
export const headerSchemas = {
  headers: {
    type: "object",
    description: "The headers of the retry contract (docs/contract.md). All are text, none is required.",
    properties: properties(all.filter((name) => !ofFailures.includes(name))),
    additionalProperties: true,
  },
  failureHeaders: {
    description:
      "What a failed delivery adds. Absent where the broker itself gave the message up: its consumer never answered.",
    allOf: [{ $ref: "#/components/schemas/headers" }, { type: "object", properties: properties(ofFailures) }],
  },
};

/** SQS has room for ten attributes, so there the headers are one. */
export const inOneAttribute = (schema: string) => ({
  type: "object",
  properties: {
    "x-headers": {
      type: "string",
      contentMediaType: "application/json",
      description: `The headers as a JSON map, of the form of #/components/schemas/${schema}.`,
    },
  },
});
