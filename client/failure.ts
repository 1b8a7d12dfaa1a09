import { HEADERS, type Headers } from "./headers.ts";
import { bytesOfText } from "./headerText.ts";

/** Why RabbitMQ itself gave a dead letter up, as a header for people to read: `rejected`, `expired`, `delivery_limit`, `maxlen`. */
export const BROKER_REASON = "x-death-reason";

/** What the headers of a dead letter say of its failure. */
export interface Failure {
  /** The error's message; empty where it had none. */
  error: string;
  /** Its name, such as `TypeError` or `java.lang.IllegalStateException`. */
  errorName: string | undefined;
  errorStack: string | undefined;
  /** When it failed, as far as that is written. */
  at: Date | undefined;
  /** Where the message stood first, as another framework wrote it. */
  from: string | undefined;
  /** The headers that say all this. */
  headers: readonly (string | undefined)[];
}

/** The headers in which a framework writes an error; of several names the first one that is there counts. */
interface Framework {
  error: string;
  names: readonly string[];
  stack: string;
  at?: string;
  /** Exchange and routing key, or queue. */
  place?: readonly string[];
  /** Topic, partition and offset. */
  record?: readonly string[];
}

const springKafka = (exception: string, original: string): Framework => ({
  error: `${exception}-message`,
  // The first is the cause: what it is wrapped in has the same name each time.
  names: [`${exception}-cause-fqcn`, `${exception}-fqcn`],
  stack: `${exception}-stacktrace`,
  record: [`${original}-topic`, `${original}-partition`, `${original}-offset`],
});

/**
 * Other people's frameworks that write errors into the headers of a dead letter. Celery and kombu are not among them: they
 * reject a message without a word.
 */
const FRAMEWORKS: readonly Framework[] = [
  // Spring Kafka: DeadLetterPublishingRecoverer, the same for a key that cannot be read, and its retry topics.
  springKafka("kafka_dlt-exception", "kafka_dlt-original"),
  springKafka("kafka_dlt-key-exception", "kafka_dlt-original"),
  springKafka("kafka_exception", "kafka_original"),
  // Spring Cloud Stream on Kafka, and Spring AMQP's RepublishMessageRecoverer.
  { ...springKafka("x-exception", "x-original"), place: ["x-original-exchange", "x-original-routingKey"] },
  {
    error: "NServiceBus.ExceptionInfo.Message",
    names: ["NServiceBus.ExceptionInfo.ExceptionType"],
    stack: "NServiceBus.ExceptionInfo.StackTrace",
    at: "NServiceBus.TimeOfFailure",
    place: ["NServiceBus.FailedQ"],
  },
  {
    error: "MT-Fault-Message",
    names: ["MT-Fault-ExceptionType"],
    stack: "MT-Fault-StackTrace",
    at: "MT-Fault-Timestamp",
    place: ["MT-Fault-InputAddress"],
  },
  // Rebus: everything in one text.
  { error: "rbs2-error-details", names: [], stack: "rbs2-error-details", place: ["rbs2-source-queue"] },
  // Wolverine.
  { error: "exception-message", names: ["exception-type"], stack: "exception-stack", at: "failed-at" },
  // SmallRye, that is Quarkus.
  {
    error: "dead-letter-reason",
    names: ["dead-letter-exception-class-name", "dead-letter-cause-class-name"],
    stack: "",
    record: ["dead-letter-topic", "dead-letter-partition", "dead-letter-offset"],
  },
  {
    error: "__connect.errors.exception.message",
    names: ["__connect.errors.exception.class.name"],
    stack: "__connect.errors.exception.stacktrace",
    record: ["__connect.errors.topic", "__connect.errors.partition", "__connect.errors.offset"],
  },
  {
    error: "__streams.errors.message",
    names: ["__streams.errors.exception"],
    stack: "__streams.errors.stacktrace",
    record: ["__streams.errors.topic", "__streams.errors.partition", "__streams.errors.offset"],
  },
  // DotNetCore.CAP: name and message in one text.
  { error: "cap-exception", names: [], stack: "" },
  // Watermill's poison queue.
  { error: "reason_poisoned", names: [], stack: "", place: ["topic_poisoned"] },
];

/** Symfony Messenger's: JSON, a list of all failures of the message. */
const SYMFONY = "X-Message-Stamp-Symfony\\Component\\Messenger\\Stamp\\ErrorDetailsStamp";

function ofSymfony({ [SYMFONY]: stamps = "" }: Headers): Failure | undefined {
  try {
    const { exceptionMessage, exceptionClass } = JSON.parse(stamps).at(-1);
    const [error, errorName] = [String(exceptionMessage ?? ""), exceptionClass && String(exceptionClass)];
    return { error, errorName, errorStack: undefined, at: undefined, from: undefined, headers: [SYMFONY] };
  } catch {
    return undefined;
  }
}

/** What a dead letter says of its failure, whoever wrote it: this contract's headers, else another framework's. Undefined: nothing. */
export function failureIn(headers: Headers): Failure | undefined {
  const error = headers[HEADERS.error];
  if (error === undefined) {
    const found = FRAMEWORKS.find(({ error, names }) => [error, ...names].some((name) => has(headers, name)));
    return found ? foreign(headers, found) : ofSymfony(headers);
  }
  return {
    error,
    errorName: headers[HEADERS.errorName],
    errorStack: headers[HEADERS.errorStack],
    at: timeOf(headers[HEADERS.failures]?.split(",").at(-1)),
    from: undefined,
    headers: [HEADERS.error, HEADERS.errorName, HEADERS.errorStack],
  };
}

/** When a dead letter failed last, whoever wrote it. Undefined: nothing tells. */
export const failedAt = (headers: Headers): Date | undefined =>
  failureIn(headers)?.at ?? timeOf(headers[HEADERS.failures]?.split(",").at(-1));

function foreign(headers: Headers, { error, names, stack, at, place = [], record = [] }: Framework): Failure {
  const read = (name = "") => (has(headers, name) ? headers[name] : undefined);
  const named = names.find((name) => has(headers, name));
  const errorStack = read(stack);
  // All that Rebus says is one text, which begins with the message.
  const message = (stack === error ? read(error)?.split(/\r?\n/)[0] : read(error)) ?? "";
  const [topic, partition, offset] = [read(record[0]), numberIn(read(record[1])), numberIn(read(record[2]))];
  const inTopic = [partition && `partition ${partition}`, offset && `offset ${offset}`];
  return {
    error: message,
    // Kafka Streams' name ends with the message.
    errorName: read(named)?.replace(/: .*/s, "") ?? nameIn(errorStack, message),
    errorStack,
    at: timeOf(read(at)),
    from:
      joined([topic, joined(inTopic, " ")], ", ") ??
      joined(
        place.map((name) => read(name)),
        "/",
      ),
    headers: [error, named, stack, at, ...place, ...record],
  };
}

const has = (headers: Headers, name: string): boolean => Object.hasOwn(headers, name);

const joined = (parts: readonly (string | undefined)[], by: string): string | undefined =>
  parts.filter(Boolean).join(by) || undefined;

/** The name of the exception that has this message, in a stack of Java's or .NET's. */
function nameIn(stack: string | undefined, message: string): string | undefined {
  const [line] = message.split("\n");
  // Of an exception without a message, Java's stack begins with the bare name.
  const end = line === "" ? /^[\w.$]+\s*$/ : undefined;
  const found = stack?.split("\n").find((one) => end?.test(one) ?? one.trimEnd().endsWith(`: ${line}`));
  return found && /^(?:Caused by: )?([\w.$]+)(?:: |\s*$)/.exec(found)?.[1];
}

/** A number that is written out, or Java's: four or eight bytes, the highest first. */
function numberIn(text: string | undefined): string | undefined {
  if (text === undefined || /^-?\d+$/.test(text)) return text;
  const bytes = bytesOfText(text);
  if (bytes.length === 4) return String(bytes.readInt32BE());
  return bytes.length === 8 ? String(bytes.readBigInt64BE()) : text;
}

/** ISO 8601, milliseconds since 1970, or NServiceBus's `2026-01-31 12:30:00:123456 Z`. */
function timeOf(text: string | undefined): Date | undefined {
  if (text === undefined) return undefined;
  const iso = text.replace(/^(\S+) (\d\d:\d\d:\d\d):(\d{3})\d* Z$/, "$1T$2.$3Z");
  // Of anything else JavaScript guesses a date: of `unit 7`, one in 2001.
  if (!/^(?:\d{12,14}|\d{4}-\d\d-\d\dT.*)$/.test(iso)) return undefined;
  const time = new Date(/^\d+$/.test(iso) ? Number(iso) : iso);
  return Number.isNaN(time.getTime()) ? undefined : time;
}
