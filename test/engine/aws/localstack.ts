import { setTimeout as wait } from "node:timers/promises";
import { toEnvironment } from "../../../infra/local/localstack.ts";
import { must } from "../command.ts";

/** LocalStack as the local environment has it, in a container of the tests' own; `host` stands in the URLs of its queues. */
export async function startLocalStack(container: string, host: string): Promise<string> {
  const environment = { ...toEnvironment(4566), LOCALSTACK_HOST: host };
  const variables = Object.entries(environment).flatMap(([name, value]) => ["--env", `${name}=${value}`]);
  const python = "/opt/code/localstack/.venv/bin/python";
  const how = ["--detach", "--name", container, "--user", "localstack", "--entrypoint", python];
  const image = "messaging.local/localstack:4.4.0";
  await must("docker", [
    "run",
    ...how,
    ...variables,
    "--publish",
    "127.0.0.1::4566",
    image,
    "-m",
    "localstack.runtime.main",
  ]);
  const published = (await must("docker", ["port", container, "4566"])).trim();
  const endpoint = `http://127.0.0.1:${published.split(":").at(-1)}`;
  const deadline = Date.now() + 120_000;
  while (Date.now() < deadline) {
    const asked = awsQuery(endpoint, "sts", { Action: "GetCallerIdentity", Version: "2011-06-15" });
    if (await asked.catch(() => undefined)) return endpoint;
    await wait(500);
  }
  throw new Error(`${container} does not answer`);
}

/** Asks one action of a service that speaks JSON, as a user whom emulators take for anybody. */
export const awsJson = (endpoint: string, service: string, target: string, body: object): Promise<unknown> =>
  ask(
    endpoint,
    service,
    { "x-amz-target": target, "content-type": "application/x-amz-json-1.1" },
    JSON.stringify(body),
  );

/** Asks one action of a service that speaks forms; gives back its XML. */
export const awsQuery = async (
  endpoint: string,
  service: string,
  parameters: Record<string, string>,
): Promise<string> =>
  (await ask(
    endpoint,
    service,
    { "content-type": "application/x-www-form-urlencoded" },
    new URLSearchParams(parameters).toString(),
  )) as string;

async function ask(endpoint: string, service: string, headers: Record<string, string>, body: string) {
  const scope = `test/20260101/eu-central-1/${service}/aws4_request`;
  const authorization = `AWS4-HMAC-SHA256 Credential=${scope}, SignedHeaders=host, Signature=0`;
  const signal = AbortSignal.timeout(60_000);
  const answer = await fetch(endpoint, { method: "POST", headers: { ...headers, authorization }, body, signal });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${service} answers ${answer.status}: ${text}`);
  return headers["x-amz-target"] ? (JSON.parse(text) as unknown) : text;
}
