import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import type { OperatorAccess } from "../../client/operator.ts";
import { ruleTests } from "./alerts.ts";
import { container, inside, output, variables } from "./clone.ts";
import { must } from "./command.ts";
import { promtool, type Server, startPrometheus } from "./prometheus.ts";

const clone = inject("clone");
const METRICS = 15692;
let rules = "";
let server: Server;

/** Has the node run these plugins until it restarts: the file that says which are enabled stays as it is. */
async function runPlugins(...plugins: string[]): Promise<void> {
  const file = "/tmp/plugins";
  await inside(clone, "rabbitmq", ["sh", "-c", `cat > ${file}`], `[${plugins.join(",")}].\n`);
  const set = (name: string) => `application:set_env(rabbit, enabled_plugins_file, ${name})`;
  const code = `{ok, F} = application:get_env(rabbit, enabled_plugins_file), ${set(`"${file}"`)}, R = rabbit_plugins:ensure("${file}"), ${set("F")}, {ok, _, _} = R.`;
  const { code: ended, output: printed } = await inside(clone, "rabbitmq", ["rabbitmqctl", "eval", code]);
  if (ended !== 0) throw new Error(printed);
}

/** Asks RabbitMQ's management API as whoever runs the environment. */
async function api(method: string, path: string, body?: object): Promise<Response> {
  const { rabbitmq } = await output<OperatorAccess>(clone, "operator");
  const { managementUrl, username, password } = rabbitmq!;
  const authorization = `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}`;
  const response = await fetch(`${managementUrl}/api${path}`, {
    method,
    headers: { authorization, "content-type": "application/json" },
    ...(body && { body: JSON.stringify(body) }),
  });
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
  return response;
}

beforeAll(async () => {
  const exported = ["messaging", "export", "--prometheus"];
  rules = await must("npx", exported, { cwd: clone.folder, env: variables(clone) });
  await runPlugins("rabbitmq_management", "rabbitmq_prometheus");
  const format = "{{range .NetworkSettings.Networks}}{{.IPAddress}} {{end}}";
  const [host] = (await must("docker", ["inspect", "-f", format, container(clone, "rabbitmq")])).trim().split(" ");
  const static_configs = [{ targets: [`${host}:${METRICS}`] }];
  const params = { vhost: ["orders"], family: ["queue_coarse_metrics", "queue_consumer_count"] };
  // At once, in place of after minutes: the times are promtool's to try.
  server = await startPrometheus(clone.ports.rabbitmq + 20, rules.replaceAll(/^ +for: .*\n/gm, ""), [
    { job_name: "queues", metrics_path: "/metrics/detailed", params, static_configs },
    { job_name: "node", static_configs },
  ]);
}, 120_000);

afterAll(async () => {
  await server?.stop();
  await runPlugins("rabbitmq_management");
});

describe("messaging export --prometheus", { timeout: 90_000 }, () => {
  it("writes rules that promtool takes, and that sound when they should and not before", async () => {
    const checked = await promtool({ "rules.yaml": rules }, "check", "rules", "rules.yaml");
    expect(checked.output).toMatch(/SUCCESS: 32 rules found/);
    const tested = await promtool({ "rules.yaml": rules, "tests.yaml": ruleTests }, "test", "rules", "tests.yaml");
    expect(tested.output).toMatch(/SUCCESS/);
    expect(tested.code, tested.output).toBe(0);
  });

  it("finds every series of RabbitMQ that it names on the live broker", async () => {
    const series = [...new Set(rules.match(/rabbitmq_\w+\{[^}]*\}/g))];
    expect(series.length).toBeGreaterThan(8);
    const missing = async () => {
      const found = await Promise.all(series.map((one) => server.query(one)));
      return series.filter((_, at) => found[at]!.length !== 1);
    };
    await expect.poll(missing, { timeout: 30_000, interval: 1_000 }).toEqual([]);
  });

  it("sounds when a dead letter is there, and is silent when it is gone", async () => {
    const sounding = async () =>
      (await server.alerts())
        .filter(({ state, labels }) => state === "firing" && labels.alertname === "MessagingDeadLetters")
        .map(({ labels }) => `${labels.severity} ${labels.flow} ${labels.app}`);
    expect(await server.query('rabbitmq_detailed_queue_messages{queue="orders.dlq"}')).toEqual(["0"]);
    expect(await sounding()).toEqual([]);
    const message = { properties: { delivery_mode: 2 }, payload: "dead", payload_encoding: "string" };
    const sent = await api("POST", "/exchanges/orders/messaging.dead-letter/publish", {
      routing_key: "orders",
      ...message,
    });
    expect(await sent.json()).toEqual({ routed: true });
    try {
      await expect.poll(sounding, { timeout: 30_000, interval: 500 }).toEqual(["warning rabbitmq/orders fulfilment"]);
    } finally {
      await api("DELETE", "/queues/orders/orders.dlq/contents");
    }
    await expect.poll(sounding, { timeout: 30_000, interval: 500 }).toEqual([]);
  });
});
