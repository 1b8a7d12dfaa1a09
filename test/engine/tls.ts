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
  const folder = mkdtempSync(join(tmpdir(), "messaging-rabbitmq-"));
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
    "ca.pem": authority.ca,
    "broker.pem": authority.certificate,
    "broker.key": authority.key,
    "rabbitmq.conf": settings.join("\n"),
    plugins: "[rabbitmq_management].\n",
  };
  for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content, { mode: 0o644 });
  chmodSync(folder, 0o755);
  const environment = [
    "RABBITMQ_ENABLED_PLUGINS_FILE=/etc/messaging/plugins",
    "RABBITMQ_CONFIG_FILE=/etc/messaging/rabbitmq.conf",
    "ERL_MAX_PORTS=65536",
  ].flatMap((variable) => ["--env", variable]);
  const how = ["--name", container, "--hostname", container, "--user", "rabbitmq", "--entrypoint", "rabbitmq-server"];
  const ports = ["127.0.0.1::15671", "127.0.0.1::5671"].flatMap((port) => ["--publish", port]);
  await must("docker", ["create", ...how, ...environment, ...ports, "messaging.local/rabbitmq:4.0.5"]);
  await must("docker", ["cp", `${folder}/.`, `${container}:/etc/messaging/`]);
  rmSync(folder, { recursive: true });
  await must("docker", ["start", container]);
  const published = async (port: number) =>
    Number((await must("docker", ["port", container, String(port)])).trim().split(":").at(-1));
  return { container, port: await published(15671), amqps: await published(5671) };
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
