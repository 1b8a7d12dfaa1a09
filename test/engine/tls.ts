import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Made, makeKafka, PASSWORD } from "./clusters.ts";
import { must } from "./command.ts";

/** A certificate authority of the tests' own, which no machine knows, and what it signed. */
export interface Authority {
  /** Its certificate, PEM. */
  ca: string;
  /** A broker's key and certificate, for `localhost` and 127.0.0.1, PEM. */
  key: string;
  certificate: string;
}

/** Makes an authority and one certificate, which are good for two days. */
export async function makeAuthority(): Promise<Authority> {
  const folder = mkdtempSync(join(tmpdir(), "messaging-tls-"));
  const openssl = (...args: string[]) => must("openssl", args, { cwd: folder });
  const ec = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
  try {
    const self = ["-x509", "-days", "2", "-subj", "/CN=the tests' authority"];
    await openssl("req", ...self, ...ec, "-keyout", "ca.key", "-out", "ca.pem");
    await openssl("req", ...ec, "-subj", "/CN=localhost", "-keyout", "broker.key", "-out", "broker.csr");
    writeFileSync(join(folder, "names"), "subjectAltName=DNS:localhost,IP:127.0.0.1\nextendedKeyUsage=serverAuth\n");
    const signed = ["-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-extfile", "names"];
    await openssl("x509", "-req", "-days", "2", "-in", "broker.csr", ...signed, "-out", "broker.pem");
    const read = (file: string) => readFileSync(join(folder, file), "utf8");
    return { ca: read("ca.pem"), key: read("broker.key"), certificate: read("broker.pem") };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** RabbitMQ with the administrator `root` that listens by TLS alone; `port` is the management API's. */
export async function makeTlsRabbitmq(container: string, authority: Authority): Promise<Made & { amqps: number }> {
  const certificates = (prefix: string) =>
    ["cacertfile = ca.pem", "certfile = broker.pem", "keyfile = broker.key"].map((line) => {
      const [name, file] = line.split(" = ");
      return `${prefix}.${name} = /etc/messaging/${file}`;
    });
  const settings = [
    "listeners.tcp = none",
    "listeners.ssl.default = 5671",
    ...certificates("ssl_options"),
    "management.ssl.port = 15671",
    ...certificates("management.ssl"),
    "default_user = root",
    `default_pass = ${PASSWORD}`,
    "loopback_users = none",
    "",
  ];
  const files = {
    ...filesOf(authority),
    "rabbitmq.conf": settings.join("\n"),
    plugins: "[rabbitmq_management].\n",
  };
  const environment = [
    "RABBITMQ_ENABLED_PLUGINS_FILE=/etc/messaging/plugins",
    "RABBITMQ_CONFIG_FILE=/etc/messaging/rabbitmq.conf",
    "ERL_MAX_PORTS=65536",
  ].flatMap((variable) => ["--env", variable]);
  const how = ["--name", container, "--hostname", container, "--user", "rabbitmq", "--entrypoint", "rabbitmq-server"];
  const [port = 0, amqps = 0] = await start(
    container,
    [...how, ...environment, "messaging.local/rabbitmq:4.0.5"],
    [15671, 5671],
    files,
  );
  return { container, port, amqps };
}

/** Redis with the administrator `default` that listens by TLS alone. */
export async function makeTlsRedis(container: string, authority: Authority): Promise<Made> {
  const settings = [
    "port 0",
    "tls-port 6379",
    "tls-cert-file /etc/messaging/broker.pem",
    "tls-key-file /etc/messaging/broker.key",
    "tls-ca-cert-file /etc/messaging/ca.pem",
    "tls-auth-clients no",
    `requirepass ${PASSWORD}`,
    "",
  ];
  const files = { ...filesOf(authority), "redis.conf": settings.join("\n") };
  const how = ["--name", container, "--user", "redis", "--entrypoint", "redis-server", "messaging.local/redis:8.0.2"];
  const [port = 0] = await start(container, how, [6379], files, ["/etc/messaging/redis.conf"]);
  return { container, port };
}

const filesOf = ({ ca, certificate, key }: Authority) => ({
  "ca.pem": ca,
  "broker.pem": certificate,
  "broker.key": key,
});

/** Starts a container with these files in /etc/messaging; gives back the port on 127.0.0.1 of each of its own. */
async function start(
  container: string,
  how: string[],
  ports: number[],
  files: Record<string, string>,
  command: string[] = [],
): Promise<number[]> {
  const folder = mkdtempSync(join(tmpdir(), "messaging-tls-"));
  for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content, { mode: 0o644 });
  // A folder of this user alone would be one in the container too.
  chmodSync(folder, 0o755);
  const publish = ports.flatMap((port) => ["--publish", `127.0.0.1::${port}`]);
  await must("docker", ["create", ...publish, ...how, ...command]);
  await must("docker", ["cp", `${folder}/.`, `${container}:/etc/messaging/`]);
  rmSync(folder, { recursive: true });
  await must("docker", ["start", container]);
  const published = await Promise.all(ports.map((port) => must("docker", ["port", container, String(port)])));
  return published.map((text) => Number(text.trim().split(":").at(-1)));
}

/** Kafka as the local environment has it, but that apps come by SASL_SSL alone. */
export const makeTlsKafka = (container: string, administrator: string, authority: Authority): Promise<Made> =>
  makeKafka(container, administrator, {
    settings: (text) =>
      `${text.replace("APPS:SASL_PLAINTEXT", "APPS:SASL_SSL").replace("APPS://127.0.0.1:", "APPS://localhost:")}${[
        "listener.name.apps.ssl.keystore.type=PEM",
        "listener.name.apps.ssl.keystore.location=/etc/messaging/broker.pem",
      ].join("\n")}\n`,
    files: { "broker.pem": authority.key + authority.certificate },
  });
