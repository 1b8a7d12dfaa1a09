import type { Broker } from "./brokers.ts";

/** Words that speak for a broker. */
export interface Evidence {
  broker: Broker;
  /** 10: the query names it; 3: what the comparison says it is for; 2: leans there; 1: a hint. */
  weight: 10 | 3 | 2 | 1;
  words: RegExp;
}

const NAMES: Record<Broker, string> = {
  rabbitmq: "rabbit ?mq|rabbit|amqp",
  kafka: "apache kafka|kafka",
  sqs: "amazon sqs|aws sqs|sqs|simple queue service",
  redis: "redis|valkey|elasticache",
};

/** A broker that the query does not want: `instead of Kafka`, `away from RabbitMQ`, `no SQS`. */
export const unwanted = (broker: Broker): RegExp =>
  new RegExp(
    `\\b(?:not|no|without|instead of|rather than|replac(?:e|es|ing)|(?:away|migrat\\w*|mov(?:e|es|ing)|switch\\w*) from|over|than)\\s+(?:an? |the |our |my |using )?(?:${NAMES[broker]})\\b`,
    "u",
  );

/** The words of a query by what they speak for. Each entry counts once, however often its words come. */
export const EVIDENCE: readonly Evidence[] = [
  ...(Object.entries(NAMES) as [Broker, string][]).map(
    ([broker, names]): Evidence => ({ broker, weight: 10, words: new RegExp(`\\b(?:${names})\\b`, "u") }),
  ),
  of("rabbitmq", 3, "(?:task|work|job|worker|message) ?queues?"),
  of("rabbitmq", 3, "(?:background|async(?:hronous)?|long[- ]running|deferred) (?:jobs?|tasks?|work|processing)"),
  of("rabbitmq", 3, "rpc|request[-/ ]?(?:reply|response)|remote procedure calls?"),
  of(
    "rabbitmq",
    3,
    "(?:topic|fanout|direct|headers) exchanges?|routing keys?|(?:complex|flexible|content[- ]based) routing",
  ),
  of("rabbitmq", 2, "microservices?|services talk|between (?:my |our |the )?services|inter-?service"),
  of("rabbitmq", 2, "jobs?|tasks?|workers?|worker pool|competing consumers"),
  of(
    "rabbitmq",
    2,
    "commands?|send(?:ing)? e?-?mails?|resiz\\w+|transcod\\w+|render\\w*|generat\\w+ (?:pdfs?|reports?|invoices?)",
  ),
  of("rabbitmq", 1, "queues?|retr(?:y|ies)|dead[- ]letters?|dlq|decoupl\\w+|rout(?:e|es|ing)|at[- ]least[- ]once"),
  of("kafka", 3, "event[- ](?:stream\\w*|sourc\\w+|log|driven)|stream processing|streaming"),
  of(
    "kafka",
    3,
    "click ?streams?|(?:audit|activity|commit|change) ?logs?|log (?:aggregation|pipeline|collection|shipping)|logs|cdc|change data capture",
  ),
  of(
    "kafka",
    3,
    "replay\\w*|re-?read|retain\\w*|retention|data (?:pipeline|lake)|analytics|consumer groups?|partition\\w*|compact\\w+",
  ),
  of(
    "kafka",
    3,
    "high[- ](?:through[- ]?put|volume)|(?:millions?|billions?) of|(?:telemetry|metrics|sensors?|iot)|[0-9]+ ?k?m? ?(?:msgs?|messages|events|records)(?: per second| a second|/s(?:ec(?:ond)?)?)",
  ),
  of("kafka", 2, "event bus|events|in order by|ordered by|per[- ](?:key|user|customer|order) order\\w*|history"),
  of("kafka", 1, "event|topics?|streams?|through[- ]?put|scal\\w+"),
  of(
    "redis",
    3,
    "real[- ]?time|live (?:\\w+ )?(?:updates?|feeds?|dashboards?|scores?|prices?)|fan[- ]?out|broadcast\\w*|web ?sockets?|server[- ]sent",
  ),
  of(
    "redis",
    3,
    "pub[-/ ]?sub|publish[-/ ]?subscribe|chat|presence|typing indicators?|push (?:updates?|notifications?)",
  ),
  of("redis", 2, "cach(?:e|es|ing)|session store|sessions|low[- ]latency|sub-?millisecond|invalidat\\w+|leaderboards?"),
  of("redis", 1, "live|notif(?:y|ies|ications?)|dashboards?|instant\\w*|ephemeral"),
  of("sqs", 3, "serverless|(?:aws )?lambdas?|(?:aws|amazon)|fargate|step functions"),
  of(
    "sqs",
    2,
    "fully managed|managed (?:queue|service)|no (?:servers?|ops|brokers?|infrastructure)|pay per (?:use|request)|message groups?",
  ),
  of("sqs", 2, "s3|ec2|ecs|dynamo ?db|cloudwatch|iam roles?|api gateway"),
  of("sqs", 1, "fifo|dedup\\w*|exactly[- ]once|cloud"),
];

function of(broker: Broker, weight: 3 | 2 | 1, words: string): Evidence {
  return { broker, weight, words: new RegExp(`\\b(?:${words})\\b`, "u") };
}

/** A query as the tables read it: one form of every letter, lower case, single spaces, no quotes or control characters. */
export const plainText = (query: string): string =>
  query
    .normalize("NFKC")
    .toLowerCase()
    .replace(/[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}\p{Z}]+/gu, " ")
    .trim();
