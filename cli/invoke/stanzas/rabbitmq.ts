import { type Asked, appsOf, type Document, each, type Stanza, says } from "./stanza.ts";

/** Deliveries 1, 2, 4 and 8 s apart outlast the restart of what a handler calls; the first two waits are those of the default retry, so tiers are shared. */
const RETRY = { maxAttempts: 5, backoff: "exponential", initialDelay: "1s", maxDelay: "1m" };
const DEAD_LETTER = { retention: "14d" };
/** An hour of a hundred messages a second: enough for a deploy, and found out before the disk is. */
const MAX_LENGTH = 360_000;
/** More services than this would each get rights on all the others. */
const MOST_SERVICES = 6;

/** What to propose on RabbitMQ: requests and replies, an inbox a service, events, or a work queue. */
export function rabbitmqStanza(asked: Asked): Stanza {
  const { text, roles, subject } = asked;
  if (says(text, "rpc|request[-/ ]?(?:reply|response)|remote procedure calls?")) return rpc(asked);
  if (says(text, "pub[-/ ]?sub|fan[- ]?out|broadcast\\w*|event[- ]driven|events?|topic exchanges?"))
    return events(asked);
  const services = says(text, "microservices?") || (says(text, "services|inter-?service") && roles.named.length !== 1);
  return services && !(subject.said && roles.named.length < 2) ? inboxes(asked) : work(asked);
}

const queue = (producers: string[], consumer: string, prefetch: number, bindings: Document[] = []): Document => ({
  type: "quorum",
  producers,
  consumers: { [consumer]: { prefetch } },
  ...(bindings.length > 0 && { bindings }),
  retry: RETRY,
  deadLetter: DEAD_LETTER,
  maxLength: MAX_LENGTH,
});

const queueComments = (name: string, consumer: string, prefetch: string): Record<string, string> => ({
  [`rabbitmq/queues/${name}/type`]: "a copy on every node; a confirmed message outlives any one of them",
  [`rabbitmq/queues/${name}/consumers/${consumer}/prefetch`]: prefetch,
  [`rabbitmq/queues/${name}/retry`]: `comes back after 1, 2, 4 and 8 s, then ends in ${name}.dlq`,
  [`rabbitmq/queues/${name}/maxLength`]: "full: publishing is refused and nothing is dropped, so producers notice",
});

const PUBLISH = "Publish with confirms, and acknowledge after the work is done: docs/contract.md, or client/.";

function inboxes({ roles, apps, suffix }: Asked): Stanza {
  const services = servicesOf(roles.named, apps);
  const exchange = `services${suffix}`;
  const name = (service: string) => `${service}${suffix}`;
  const bound = (service: string) => [{ exchange, routingKey: `${service}.#` }];
  const others = (service: string) => services.filter((other) => other !== service);
  const queues = Object.fromEntries(
    services.map((service) => [name(service), queue(others(service), service, 20, bound(service))]),
  );
  const [first] = services;
  return {
    what: `a topic exchange, and for each of ${services.length} services a quorum queue of its own with retries and dead letters`,
    section: { apps: appsOf(...services), rabbitmq: { exchanges: { [exchange]: { type: "topic" } }, queues } },
    comments: {
      [`rabbitmq/exchanges/${exchange}`]: `routing key <service>.<what>, such as ${first}.do-something: senders know no queues`,
      ...queueComments(name(first!), first!, "unacknowledged at a time; lower it where the work is slow"),
    },
    advice: [
      roles.named.length > 1
        ? "Each service may write to each of the others: take from `producers` whoever does not."
        : apps.length > 1
          ? "The services are the apps that skill.yaml has: take out those that do not take part, and from `producers` whoever does not write."
          : "The query names no services, so stand-ins are among these: put yours in their place, and add the others alike.",
      PUBLISH,
    ],
  };
}

function servicesOf(named: readonly string[], apps: readonly string[]): string[] {
  if (named.length > 1) return named.slice(0, MOST_SERVICES);
  const all = [...new Set([...named, ...apps])];
  return all.length > 1 ? all.slice(0, MOST_SERVICES) : [...new Set([...all, "api", "worker"])].slice(0, 2);
}

function events({ subject, roles: { producer, consumers }, suffix }: Asked): Stanza {
  const exchange = `${subject.singular}-events${suffix}`;
  const routingKey = `${subject.singular}.#`;
  const name = (consumer: string) => `${consumer}-${subject.plural}${suffix}`;
  const queues = Object.fromEntries(
    consumers.map((one) => [name(one), queue([producer], one, 20, [{ exchange, routingKey }])]),
  );
  return {
    what: `a topic exchange of ${subject.singular} events, and a quorum queue of its own for each of their consumers`,
    section: {
      apps: appsOf(producer, ...consumers),
      rabbitmq: { exchanges: { [exchange]: { type: "topic" } }, queues },
    },
    comments: {
      [`rabbitmq/exchanges/${exchange}`]: `routing key ${subject.singular}.<what happened>, such as ${subject.singular}.created`,
      ...queueComments(name(consumers[0]!), consumers[0]!, "unacknowledged at a time; lower it where the work is slow"),
    },
    advice: [
      "Each consumer has a queue of its own, so one that is down or slow holds up no other; narrow its routing key to what it needs.",
      "Queues forget what was consumed: where events must be read again later, ask for Kafka.",
      PUBLISH,
    ],
  };
}

function work({ text, subject, roles, suffix }: Asked): Stanza {
  const slow = says(
    text,
    "videos?|transcod\\w*|render\\w*|reports?|pdfs?|images?|long[- ]running|heavy|cpu\\w*|gpu\\w*|ml|train\\w*",
  );
  const name = `${subject.plural}${suffix}`;
  const [consumer] = roles.consumers as [string];
  const prefetch = slow ? 1 : 10;
  return {
    what: `a durable work queue of ${subject.plural}, shared by all instances of its worker`,
    section: {
      apps: appsOf(roles.producer, consumer),
      rabbitmq: { queues: { [name]: queue([roles.producer], consumer, prefetch) } },
    },
    comments: queueComments(
      name,
      consumer,
      slow ? "long work: whoever is free takes the next" : "unacknowledged at a time, by each instance",
    ),
    advice: [
      ...(slow
        ? ["A handler that takes over 30 minutes loses its channel (RabbitMQ's consumer_timeout): split such work."]
        : []),
      `Start as many instances of ${consumer} as the work needs: they share the queue.`,
      PUBLISH,
    ],
  };
}

function rpc({ subject, roles: { producer, consumers }, suffix }: Asked): Stanza {
  const [server] = consumers as [string];
  const of = subject.said ? subject.plural : "rpc";
  const [requests, replies] = [`${of}-requests${suffix}`, `${of}-replies${suffix}`];
  // Whoever asked has given up after some seconds: what is older is of no use.
  const short = { maxAttempts: 2, backoff: "fixed", initialDelay: "1s", maxDelay: "1s" };
  const of1 = (producers: string[], consumer: string): Document => ({
    ...queue(producers, consumer, 10),
    retry: short,
    deadLetter: { retention: "1d" },
    maxLength: 10_000,
  });
  return {
    what: `requests to ${server} and its replies, a quorum queue each`,
    section: {
      apps: appsOf(producer, server),
      rabbitmq: { queues: { [requests]: of1([producer], server), [replies]: of1([server], producer) } },
    },
    comments: {
      ...each(
        [`rabbitmq/queues/${requests}/maxLength`],
        () => "callers that wait are told at once that there are too many",
      ),
      [`rabbitmq/queues/${requests}/retry`]: "once more: whoever waits has given up by then",
      [`rabbitmq/queues/${replies}/producers`]: "a reply bears its request's correlation id in a header",
    },
    advice: [
      "Apps may declare nothing here and not use the default exchange, so neither reply queues of a connection nor direct reply-to work: replies come back on a queue.",
      `With several instances of ${producer} a reply reaches any of them: make it an app, with a queue of replies, for each that must get its own; or ask over HTTP.`,
      "Answer a request that cannot be done with an error, and let only what may succeed later fail.",
    ],
  };
}
