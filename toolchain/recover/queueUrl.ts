import { Failure } from "../failure.ts";
import type { State } from "./resource.ts";

const QUEUE = "aws:sqs/queue:Queue";
const PATIENCE_MS = 10_000;

/** Where a queue of this whole name (`payments.fifo`) is. Undefined: there is none. @throws Failure with exit code 2 where SQS does not answer */
export async function queueUrlOf(
  name: string,
  provider: string | undefined,
  state: State,
): Promise<string | undefined> {
  const sibling = state.resources?.find(({ type, id, provider: other }) => type === QUEUE && id && other === provider);
  // All queues of an account and region have addresses that differ in the name alone.
  if (sibling?.id) return sibling.id.replace(/[^/]*$/, name);
  const urn = provider?.replace(/::[^:]*$/, "");
  const inputs = state.resources?.find((resource) => resource.urn === urn)?.inputs ?? {};
  const [{ sqs: endpoint = undefined } = {}] = JSON.parse(String(inputs.endpoints ?? "[]")) as { sqs?: string }[];
  return ask(name, String(inputs.region), endpoint);
}

async function ask(QueueName: string, region: string, endpoint?: string): Promise<string | undefined> {
  const { GetQueueUrlCommand, SQSClient } = await import("@aws-sdk/client-sqs");
  // An emulator takes any credentials; elsewhere they are those of whoever runs Pulumi.
  const emulated = endpoint ? { endpoint, credentials: { accessKeyId: "test", secretAccessKey: "test" } } : {};
  const client = new SQSClient({ region, ...emulated });
  try {
    const abortSignal = AbortSignal.timeout(PATIENCE_MS);
    return (await client.send(new GetQueueUrlCommand({ QueueName }), { abortSignal })).QueueUrl;
  } catch (error) {
    const { name, message } = error as Error;
    if (/NonExistent|DoesNotExist/.test(name)) return undefined;
    throw new Failure(`sqs in ${endpoint ?? region}: the broker does not answer: ${message || name}`, 2);
  } finally {
    client.destroy();
  }
}
