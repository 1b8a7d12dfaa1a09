import { GetQueueUrlCommand } from "@aws-sdk/client-sqs";
import { fifoName } from "../../skill/names.ts";
import type { BrokerOperator } from "../deadLetters.ts";
import type { SqsOperator } from "../operator.ts";
import { call, isEmulator, namedConnectionTo } from "./api.ts";
import { countsOf } from "./counts.ts";
import { sqsDeadLetters } from "./deadLetters.ts";

/** SQS as whoever runs the environment. It is called when it is first asked. */
export function operate(access: SqsOperator): BrokerOperator {
  const sqs = namedConnectionTo(access);
  const emulated = isEmulator(access.endpoint);
  const targets = new Map(access.deadLetters.map(({ flow, queueUrl }) => [flow, queueUrl]));
  const all = access.deadLetters.map((one) => sqsDeadLetters({ sqs, access: one, targets, emulated }));

  // A queue where poison blocks has no dead letters, and so is not in the list.
  const urlOf = async (flow: string): Promise<string> => {
    const known = targets.get(flow);
    if (known !== undefined) return known;
    const QueueName = fifoName(flow.slice("sqs/".length));
    const { QueueUrl } = await call(() => sqs.send(new GetQueueUrlCommand({ QueueName })));
    return QueueUrl!;
  };

  return {
    deadLetters: () => all,
    async state(flow) {
      const { visible, inFlight, delayed } = await countsOf(sqs, await urlOf(flow));
      return { waiting: visible + inFlight + delayed };
    },
    async close() {
      await Promise.all(all.map((one) => one.close()));
      sqs.destroy();
    },
  };
}
