import { BROKERS } from "./brokers.ts";
import { EVIDENCE, plainText, unwanted } from "./words.ts";

/** Something that the product does not do: words that ask for it, and what to do instead. */
interface Limit {
  words: RegExp;
  says: string;
}

const limit = (words: string, says: string): Limit => ({ words: new RegExp(`\\b(?:${words})\\b`, "u"), says });

/** Asked for beside what is proposed: a note stands under the proposal. */
const NOTES: readonly Limit[] = [
  limit(
    "exactly[- ]once|no duplicates",
    "Exactly once is not promised: a crash repeats a message. Handle its `x-message-id` idempotently.",
  ),
  limit(
    "priorit(?:y|ies|ise|ize|ised|ized)",
    "Priorities are not made: a priority delays the others by an unknown time. Give urgent messages a queue of their own.",
  ),
  limit(
    "delayed (?:messages?|jobs?|tasks?|delivery)|schedul(?:e|ed|er|ing)|cron|every (?:hour|day|night|minute)",
    "Messages are not scheduled: a delay exists for retries only. Keep due dates in a database, and publish when they are due.",
  ),
  limit(
    "mqtt|stomp|web ?sockets?",
    "Browsers and devices are not connected by this: apps speak AMQP 0-9-1, Kafka's, SQS's or Redis's protocol. A gateway of yours subscribes for them.",
  ),
  limit(
    "schema registry|avro|protobuf|json schema",
    "Message schemas are not kept here: run a schema registry beside it; a body is bytes to this product.",
  ),
  limit(
    "kafka connect|debezium|ksql(?:db)?|kafka streams|flink|spark",
    "Connectors and stream processing are not run here: make them apps of the skill, which get users, rights and topics.",
  ),
  limit(
    "mirror ?maker|geo[- ]?replicat\\w*|multi[- ]?region|federat\\w*|shovels?|active[- ]active|disaster recovery",
    "Nothing is copied between clusters: each environment has brokers of its own.",
  ),
  limit(
    "standard (?:sqs )?queues?|unordered queues?",
    "SQS queues are FIFO here, always: give messages groups of their own where order does not matter, which is the default of `client/`.",
  ),
  limit(
    "sns|event ?bridge|kinesis",
    "SNS, EventBridge and Kinesis are not provisioned: several consumers of one message are queues of their own, or a topic of Kafka.",
  ),
  limit(
    "cach(?:e|es|ing)|evict\\w*|lru|ttl",
    "Redis never evicts here (`noeviction`): full, it refuses writes. Give cached keys an expiry, or run a cache of its own beside it.",
  ),
  limit(
    "redis cluster|sentinel|shard(?:s|ed|ing)",
    "A Redis instance is one server, or one replication group on ElastiCache: it is not sharded.",
  ),
  limit(
    "celery|sidekiq|bull ?mq|rq|resque|masstransit|spring",
    "Frameworks that declare queues of their own are refused: apps may declare nothing. Turn it off there, and keep docs/contract.md.",
  ),
  limit(
    "mirrored|classic mirror\\w*|ha[- ]mode",
    "Mirrored queues are gone from RabbitMQ 4: quorum queues, the default here, are what replaced them.",
  ),
  limit(
    "grafana|prometheus|dashboards? (?:for|of) (?:the )?(?:broker|queues?|rabbit|kafka)|monitor\\w*|alert(?:s|ing)?",
    "Monitoring is no part of the stanza: `npx messaging doctor` looks now, and rules and a dashboard come from the skill as a whole.",
  ),
  limit(
    "encrypt\\w*|tls|ssl|mtls",
    "Encryption is the environment's and not the skill's: `messaging:rabbitmq`, `messaging:kafka` and `messaging:aws` in Pulumi.<environment>.yaml.",
  ),
];

/** Nothing can be proposed for these. */
const REFUSED: readonly Limit[] = [
  limit(
    "(?:delete|remove|drop|destroy|purge|tear down|decommission|uninstall) (?:\\S+ ){0,4}?(?:queues?|topics?|exchanges?|streams?|brokers?|instances?|messages?|kafka|rabbit ?mq|redis|sqs)",
    "ask for something to be added, as invoke takes nothing away: remove it from skill.yaml and run `npx pulumi preview`, which refuses what would lose messages",
  ),
  limit(
    "redriv\\w+|(?:replay|retry|requeue|re-?process) (?:\\S+ ){0,3}?(?:dead[- ]letters?|dlqs?)",
    "ask for something to be added, as dead letters are put back by `npx messaging dlq redrive <flow>`",
  ),
  limit(
    "why (?:is|are|do|does|did)|diagnos\\w+|troubleshoot\\w*|debug\\w*|(?:is|are) (?:slow|stuck|lost|lagging)|(?:investigate|fix|reduce) (?:\\S+ ){0,3}?(?:lag|duplicates?|losses|loss)",
    "ask for something to be added, as what is wrong with a live environment is told by `npx messaging doctor`",
  ),
  limit(
    "(?:create|add|delete|rotate|reset) (?:\\S+ ){0,2}?(?:passwords?|credentials?|users?|acls?)$",
    "ask for something to be added to a flow, as users, rights and passwords follow from the apps that flows name",
  ),
];

const OTHERS: Record<string, string> = {
  nats: "NATS",
  jetstream: "NATS",
  pulsar: "Pulsar",
  activemq: "ActiveMQ",
  artemis: "ActiveMQ",
  "ibm mq": "IBM MQ",
  "google pub/sub": "Google Pub/Sub",
  "gcp pub/sub": "Google Pub/Sub",
  "azure service bus": "Azure Service Bus",
  "service bus": "Azure Service Bus",
  "event hubs": "Azure Event Hubs",
  zeromq: "ZeroMQ",
  mosquitto: "Mosquitto",
  redpanda: "Redpanda",
  beanstalkd: "Beanstalkd",
  nsq: "NSQ",
};

/** What follows "must" where nothing can be proposed for a query; undefined where something can. */
export function refusalOf(query: string): string | undefined {
  const text = plainText(query);
  return REFUSED.find(({ words }) => words.test(text))?.says ?? strangerIn(text);
}

/** A broker that we do not have, where the query names none that we have and wants it. */
function strangerIn(text: string): string | undefined {
  const stranger = Object.keys(OTHERS).find((name) => new RegExp(`\\b${name}\\b`, "u").test(text));
  if (stranger === undefined) return undefined;
  const ours = BROKERS.some(
    (broker) =>
      !unwanted(broker).test(text) &&
      EVIDENCE.some((one) => one.broker === broker && one.weight === 10 && one.words.test(text)),
  );
  return ours
    ? undefined
    : `be for RabbitMQ, Kafka, SQS or Redis, as ${OTHERS[stranger]} is not provisioned here; name one of these, or say what it is for`;
}

/** What the query asks for and the product does not do, each with what to do instead. */
export function notesOn(query: string): string[] {
  const text = plainText(query);
  return NOTES.filter(({ words }) => words.test(text)).map(({ says }) => says);
}
