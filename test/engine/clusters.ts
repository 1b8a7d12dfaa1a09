import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { toFormatArguments, toKafkaFiles, toProperties } from "../../infra/local/kafkaFiles.ts";
import { must, run } from "./command.ts";

/** The password of the administrator of every broker that is made here. */
export const PASSWORD = "of-the-cluster-tests";

/** A broker of the tests' own, in a container that is removed with its data. */
export interface Made {
  container: string;
  /** The port on 127.0.0.1 by the port inside. */
  port: number;
}

async function start(
  container: string,
  image: string,
  ports: number[],
  user: string,
  script: string,
): Promise<number[]> {
  const hardly = ["--detach", "--name", container, "--hostname", container, "--user", user, "--entrypoint", "sh"];
  const publish = ports.flatMap((port) => ["--publish", `127.0.0.1::${port}`]);
  await must("docker", ["run", ...hardly, ...publish, image, "-ec", script]);
  const published = ports.map((port) => must("docker", ["port", container, String(port)]));
  return (await Promise.all(published)).map((text) => Number(text.trim().split(":").at(-1)));
}

/** Removes containers with their data; those that are not there are none to remove. */
export const remove = async (...containers: string[]): Promise<void> =>
  void (await run("docker", ["rm", "--force", "--volumes", ...containers]));

/** RabbitMQ with the administrator `root`; `port` is the management API's. It is there when it answers. */
export async function makeRabbitmq(container: string): Promise<Made & { amqp: number }> {
  const script = [
    "export RABBITMQ_ENABLED_PLUGINS_FILE=/tmp/plugins RABBITMQ_CONFIG_FILE=/tmp/rabbitmq.conf ERL_MAX_PORTS=65536",
    "echo '[rabbitmq_management].' > /tmp/plugins",
    `printf 'default_user = root\\ndefault_pass = ${PASSWORD}\\nloopback_users = none\\n' > /tmp/rabbitmq.conf`,
    "exec rabbitmq-server",
  ].join("\n");
  const image = "messaging.local/rabbitmq:4.0.5";
  const [port = 0, amqp = 0] = await start(container, image, [15672, 5672], "rabbitmq", script);
  return { container, port, amqp };
}

/** Redis with the administrator `default`. */
export async function makeRedis(container: string): Promise<Made> {
  const script = [
    "cd /tmp",
    `echo 'user default on >${PASSWORD} ~* &* +@all' > users.acl`,
    "printf 'aclfile /tmp/users.acl\\nappendonly yes\\nprotected-mode no\\n' > redis.conf",
    "exec redis-server /tmp/redis.conf",
  ].join("\n");
  const [port = 0] = await start(container, "messaging.local/redis:8.0.2", [6379], "redis", script);
  return { container, port };
}

/** Kafka as the local environment has it. Clients are told its port, so it is the same inside and outside. */
export async function makeKafka(
  name: string,
  administrator: string,
  { settings, files = {} }: { settings?: (text: string) => string; files?: Record<string, string> } = {},
): Promise<Made> {
  const port = await freePort();
  const folder = mkdtempSync(join(tmpdir(), "messaging-kafka-"));
  const contents: Record<string, string> = {
    "server.properties": (settings ?? String)(toProperties(port, PASSWORD)),
    "format.args": toFormatArguments(administrator),
  };
  for (const [file, content] of Object.entries(files)) writeFileSync(join(folder, file), content, { mode: 0o644 });
  for (const { path, content } of toKafkaFiles({ port, password: administrator, internalPassword: PASSWORD })) {
    const file = basename(path);
    writeFileSync(join(folder, file), contents[file] ?? String(content), { mode: 0o644 });
  }
  // A folder of this user alone would be one in the container too.
  chmodSync(folder, 0o755);
  const options = ["--name", name, "--user", "appuser", "--entrypoint", "bash"];
  const image = "messaging.local/kafka:4.1.0";
  await must("docker", [
    "create",
    ...options,
    "--publish",
    `127.0.0.1:${port}:${port}`,
    image,
    "/etc/messaging/start.sh",
  ]);
  await must("docker", ["cp", `${folder}/.`, `${name}:/etc/messaging/`]);
  rmSync(folder, { recursive: true });
  await must("docker", ["start", name]);
  return { container: name, port };
}

/** Waits, for two minutes at most, until RabbitMQ answers. */
export async function answers(broker: Made): Promise<void> {
  const deadline = Date.now() + 120_000;
  while (Date.now() < deadline) {
    if (await rabbitmqAnswer(broker, "overview")) return;
    await wait(500);
  }
  throw new Error(`${broker.container} does not answer`);
}

/** What RabbitMQ's management API answers; undefined while it does not. */
async function rabbitmqAnswer({ port }: Made, path: string): Promise<unknown> {
  const authorization = `Basic ${Buffer.from(`root:${PASSWORD}`).toString("base64")}`;
  const answer = await fetch(`http://127.0.0.1:${port}/api/${path}`, {
    signal: AbortSignal.timeout(2_000),
    headers: { authorization },
  }).catch(() => undefined);
  return answer?.ok ? answer.json() : undefined;
}

/** Everything that is defined on it. */
export async function definitions(broker: Made): Promise<unknown> {
  const { users, vhosts, permissions, topic_permissions, policies, queues, exchanges, bindings } =
    (await rabbitmqAnswer(broker, "definitions")) as Record<string, unknown>;
  return { users, vhosts, permissions, topic_permissions, policies, queues, exchanges, bindings };
}

/** A port of 127.0.0.1 that nobody has. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}
