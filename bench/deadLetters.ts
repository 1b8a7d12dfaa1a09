import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { OperatorAccess } from "../client/operator.ts";

/**
 * What `messaging dlq` takes for a million dead letters: `node --import tsx bench/deadLetters.ts <outputs.json> <broker> [count]` fills the
 * dead letters of the broker's first flow of the retry tests' skill, lists them, redrives a thousand and drops the rest.
 */
const [file = "", broker = "rabbitmq", written = "1000000"] = process.argv.slice(2);
const count = Number(written);
const root = join(import.meta.dirname, "..");
const { operator } = JSON.parse(readFileSync(file, "utf8")) as { operator: OperatorAccess };
const bodyOf = (at: number) => JSON.stringify({ number: at, text: "x".repeat(100) });
const headersOf = (at: number) => ({
  "x-message-id": String(at),
  "x-attempt": "3",
  "x-error": "no such customer",
  "x-error-name": "Error",
  "x-failures": new Date().toISOString(),
});

/** Rates in messages a second: of filling, which is the broker's plain publish rate, confirmed, with as many in flight as redrive has. */
const IN_FLIGHT = 100;
const fill = { rabbitmq: fillRabbitmq, kafka: fillKafka, redis: fillRedis, sqs: fillSqs };

async function batches(publish: (from: number, to: number) => Promise<unknown>): Promise<number> {
  const started = performance.now();
  for (let at = 0; at < count; at += IN_FLIGHT) await publish(at, Math.min(count, at + IN_FLIGHT));
  return count / ((performance.now() - started) / 1000);
}

const range = (from: number, to: number) => Array.from({ length: to - from }, (_, index) => from + index);

async function fillRabbitmq(): Promise<number> {
  const { Connection } = await import("rabbitmq-client");
  const { url, vhost, username, password, deadLetters } = operator.rabbitmq!;
  const { hostname, port } = new URL(url);
  const connection = new Connection({ hostname, port: Number(port), vhost, username, password });
  const publisher = connection.createPublisher({ confirm: true });
  const routingKey = deadLetters[0]!.deadLetterQueue;
  const rate = await batches((from, to) =>
    Promise.all(
      range(from, to).map((at) =>
        publisher.send({ routingKey, durable: true, headers: headersOf(at), messageId: String(at) }, bodyOf(at)),
      ),
    ),
  );
  await publisher.close();
  await connection.close();
  return rate;
}

async function fillKafka(): Promise<number> {
  const { Producer, stringSerializers } = await import("@platformatic/kafka");
  const { bootstrapServers, username, password, deadLetters, saslMechanism } = operator.kafka!;
  const producer = new Producer({
    clientId: "bench",
    bootstrapBrokers: bootstrapServers,
    serializers: stringSerializers,
    sasl: { mechanism: saslMechanism, username, password },
    acks: -1,
  } as never);
  const topic = deadLetters[0]!.deadLetterTopic;
  const rate = await batches((from, to) =>
    producer.send({
      messages: range(from, to).map((at) => ({ topic, key: String(at), value: bodyOf(at), headers: headersOf(at) })),
    } as never),
  );
  await producer.close();
  return rate;
}

async function fillRedis(): Promise<number> {
  const { createClient } = await import("@redis/client");
  const { host, port, username, password, deadLetters } = operator.redis!.notifications!;
  const client = createClient({ socket: { host, port }, username, password });
  await client.connect();
  const stream = deadLetters[0]!.deadLetterStream;
  const rate = await batches((from, to) =>
    Promise.all(range(from, to).map((at) => client.xAdd(stream, "*", { body: bodyOf(at), ...headersOf(at) }))),
  );
  await client.close();
  return rate;
}

async function fillSqs(): Promise<number> {
  const { SendMessageBatchCommand, SQSClient } = await import("@aws-sdk/client-sqs");
  const { region, endpoint, credentials, deadLetters } = operator.sqs!;
  const sqs = new SQSClient({ region, endpoint, credentials });
  const entry = (at: number) => ({
    Id: String(at),
    MessageBody: bodyOf(at),
    MessageGroupId: `g${at % 1000}`,
    MessageDeduplicationId: `${process.pid}-${at}`,
    MessageAttributes: { "x-headers": { DataType: "String", StringValue: JSON.stringify(headersOf(at)) } },
  });
  return batches((from, to) =>
    Promise.all(
      range(0, Math.ceil((to - from) / 10)).map((ten) =>
        sqs.send(
          new SendMessageBatchCommand({
            QueueUrl: deadLetters[0]!.deadLetterQueueUrl,
            Entries: range(from + ten * 10, Math.min(to, from + ten * 10 + 10)).map(entry),
          }),
        ),
      ),
    ),
  );
}

/** Runs a command of the CLI as a process of its own, and tells its time and its largest memory. */
function messaging(...args: string[]): { seconds: number; megabytes: number; stdout: string } {
  const started = performance.now();
  const called = [
    "--import",
    join(root, "bench/memory.mjs"),
    join(root, "cli/messaging.mjs"),
    ...args,
    "--outputs",
    file,
  ];
  const { status, stdout, stderr } = spawnSync(process.execPath, called, { encoding: "utf8", cwd: root });
  const seconds = (performance.now() - started) / 1000;
  if (status !== 0) throw new Error(`messaging ${args.join(" ")} ended with ${status}:\n${stdout}${stderr}`);
  return { seconds, megabytes: Number(/largest memory (\d+)/.exec(stderr)?.[1]) / 1024, stdout };
}

const rate = await fill[broker as keyof typeof fill]();
const flow = (JSON.parse(messaging("dlq", "list", "--json").stdout) as { flow: string }[]).find((row) =>
  row.flow.startsWith(`${broker}/`),
)!.flow;
const say = (what: string, { seconds, megabytes, stdout }: ReturnType<typeof messaging>, messages?: number) =>
  console.log(
    `${what}: ${seconds.toFixed(1)} s, ${megabytes.toFixed(0)} MB${messages ? `, ${Math.round(messages / seconds)} a second` : ""}\n${stdout.trimEnd().replace(/^/gm, "    ")}`,
  );
console.log(`${broker}: ${count} dead letters published, ${IN_FLIGHT} in flight: ${Math.round(rate)} a second`);
say("dlq list", messaging("dlq", "list", flow));
say("dlq show", messaging("dlq", "show", flow, "--limit", "1"));
say("dlq redrive --limit 1000", messaging("dlq", "redrive", flow, "--limit", "1000"), 1000);
say("dlq redrive --limit 50000", messaging("dlq", "redrive", flow, "--limit", "50000"), 50_000);
const rest = JSON.parse(messaging("dlq", "list", flow, "--json").stdout)[0].messages;
say("dlq drop", messaging("dlq", "drop", flow, "--yes", String(rest)), rest);
