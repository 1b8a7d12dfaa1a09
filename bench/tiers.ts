import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stringify } from "yaml";
import type { OperatorAccess } from "../client/operator.ts";

/**
 * The time of `pulumi up` for many RabbitMQ queues with the default retry, against a raw program with delay tiers a queue:
 * `node --import tsx bench/tiers.ts <outputs.json> [queues]`, on the RabbitMQ of a running environment. Each makes a vhost of its own and takes
 * it away again.
 */
const [file = "", written = "500"] = process.argv.slice(2);
const queues = Array.from({ length: Number(written) }, (_, at) => `q${at}`);
const root = join(import.meta.dirname, "..");
const folder = mkdtempSync(join(tmpdir(), "messaging-tiers-"));
const { rabbitmq } = (JSON.parse(readFileSync(file, "utf8")) as { operator: OperatorAccess }).operator;
const { managementUrl, username, password, url } = rabbitmq!;

function projectIn(name: string): string {
  const project = join(folder, name);
  mkdirSync(join(project, ".state"), { recursive: true });
  for (const part of ["package.json", "tsconfig.json", "Pulumi.yaml", "skill", "components", "provider", "infra"]) {
    cpSync(join(root, part), join(project, part), { recursive: true });
  }
  symlinkSync(join(root, "node_modules"), join(project, "node_modules"));
  const consumer = { consumers: { worker: {} } };
  const skill = {
    name,
    version: "2.0.0",
    apps: { worker: {} },
    rabbitmq: { vhost: `bench-${name}`, queues: Object.fromEntries(queues.map((queue) => [queue, consumer])) },
  };
  writeFileSync(join(project, "skill.yaml"), stringify(skill, { aliasDuplicateObjects: false }));
  pulumi(project, "stack", "init", "bench");
  pulumi(project, "config", "set", "messaging:brokers", "external");
  for (const [key, value] of Object.entries({ endpoint: managementUrl, username, url })) {
    pulumi(project, "config", "set", "--path", `messaging:rabbitmq.${key}`, value);
  }
  // As one argument: a password that begins with `-` would be a flag.
  pulumi(project, "config", "set-all", "--secret", `messaging:rabbitmqPassword=${password}`);
  return project;
}

/** What people write by hand: every queue with its dead letters and its two tiers, all in arguments. */
const RAW = `import * as pulumi from "@pulumi/pulumi";
import { Provider } from "@pulumi/rabbitmq/provider.js";
import { Queue } from "@pulumi/rabbitmq/queue.js";
import { VHost } from "@pulumi/rabbitmq/vhost.js";
const { endpoint, username } = new pulumi.Config("messaging").requireObject<Record<string, string>>("rabbitmq");
const password = new pulumi.Config("messaging").requireSecret("rabbitmqPassword");
const provider = new Provider("rabbitmq", { endpoint: endpoint!, username: username!, password });
const vhost = new VHost("v", { name: "bench-raw" }, { provider }).name;
const queue = (name: string, more: object) =>
  new Queue(name, { name, vhost, settings: { durable: true, argumentsJson: JSON.stringify({ "x-queue-type": "quorum", ...more }) } }, { provider });
const to = (name: string) => ({ "x-dead-letter-exchange": "", "x-dead-letter-routing-key": name, "x-dead-letter-strategy": "at-least-once", "x-overflow": "reject-publish" });
for (let at = 0; at < ${written}; at++) {
  queue(\`q\${at}.dlq\`, { "x-message-ttl": 1209600000 });
  queue(\`q\${at}\`, { ...to(\`q\${at}.dlq\`), "x-delivery-limit": 2 });
  for (const delay of [1000, 2000]) queue(\`q\${at}.retry.\${delay}\`, { ...to(\`q\${at}\`), "x-message-ttl": delay });
}
`;

function pulumi(project: string, ...args: string[]): string {
  const env = {
    ...process.env,
    PULUMI_CONFIG_PASSPHRASE: "bench",
    PULUMI_BACKEND_URL: `file://${project}/.state`,
    PULUMI_SKIP_UPDATE_CHECK: "true",
  };
  const stack = args[0] === "stack" ? [] : ["--stack", "bench"];
  const { status, stdout, stderr } = spawnSync("npx", ["pulumi", ...args, ...stack, "--non-interactive"], {
    cwd: project,
    env,
    encoding: "utf8",
    maxBuffer: 1 << 28,
  });
  if (status !== 0) throw new Error(`pulumi ${args[0]} failed:\n${stdout.slice(-2000)}${stderr.slice(-2000)}`);
  return stdout;
}

const authorization = `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}`;
const queuesOn = async (vhost: string): Promise<number> =>
  (
    (await (
      await fetch(`${managementUrl}/api/queues/${vhost}?columns=name`, { headers: { authorization } })
    ).json()) as unknown[]
  ).length;

async function measure(name: string): Promise<number> {
  const project = projectIn(name);
  if (name === "raw") writeFileSync(join(project, "infra/index.ts"), RAW);
  const started = performance.now();
  pulumi(project, "up", "--yes", "--skip-preview", "--suppress-outputs");
  const seconds = (performance.now() - started) / 1000;
  console.log(
    `${name}: up ${seconds.toFixed(1)} s, ${await queuesOn(`bench-${name}`)} queues for ${queues.length} work queues`,
  );
  const again = performance.now();
  pulumi(project, "up", "--yes", "--skip-preview", "--suppress-outputs", "--expect-no-changes");
  console.log(`${name}: a second up without changes ${((performance.now() - again) / 1000).toFixed(1)} s`);
  // The vhost takes all that is in it along, which is quicker than a destroy, and longer than the API waits for so many queues.
  await fetch(`${managementUrl}/api/vhosts/bench-${name}`, { method: "DELETE", headers: { authorization } }).catch(
    () => {},
  );
  return seconds;
}

try {
  const [ours, raw] = [await measure("ours"), await measure("raw")];
  console.log(`ratio ${(ours / raw).toFixed(2)}`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
