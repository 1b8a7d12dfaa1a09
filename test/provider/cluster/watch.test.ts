import { setTimeout as wait } from "node:timers/promises";
import { expect, test, vi } from "vitest";
import { readProcesses, siblingsIn } from "../../../provider/cluster/siblings.ts";
import { watched } from "../../../provider/cluster/watch.ts";

/** A machine that is busy takes its time. */
const PATIENCE = { timeout: 10_000, interval: 5 };

/** A contact that answers as told, the last answer again and again, and what was done because of it. */
function scene(...answers: (string | Error)[]) {
  const done: string[] = [];
  let at = 0;
  const answer = async () => {
    const said = answers[Math.min(at++, answers.length - 1)]!;
    if (said instanceof Error) throw said;
    return said;
  };
  const contact = watched(
    { identity: answer, marked: answer },
    { tell: async (message) => void done.push(message), end: (plugin) => void done.push(`ended ${plugin}`) },
    1,
  );
  return { contact, done, asked: () => at };
}

const silence = new Error(
  "rabbitmq at http://127.0.0.1:1: must answer, got no answer within 18 s, in 2 tries: it says nothing",
);

test("a broker that falls silent during an update is told, and what waits for it is ended", async () => {
  const { contact, done } = scene("a", "a", silence);
  await contact.identity("rabbitmq", {});
  await vi.waitFor(() => expect(done).toHaveLength(2), PATIENCE);
  expect(done).toEqual([`${silence.message}. What was waiting for it is ended.`, "ended pulumi-resource-rabbitmq"]);
});

test("one question without an answer is not enough, nor is another answer than silence", async () => {
  const { contact, done, asked } = scene("a", silence, "a", silence, new Error("refused"), silence, "a");
  await contact.identity("kafka", {});
  await vi.waitFor(() => expect(asked()).toBeGreaterThan(6), PATIENCE);
  expect(done).toEqual([]);
});

test("Redis is not watched: its provider is this one, which never waits long", async () => {
  const { contact, asked } = scene("a");
  await contact.identity("redis/cache", {});
  await wait(20);
  expect(asked()).toBe(1);
});

test("plugins of the same Pulumi are found by their name, those of another are not", () => {
  const printed = `  10     1 /root/.pulumi/bin/pulumi up
  11    10 /root/.pulumi/plugins/resource-rabbitmq-v3.3.8/pulumi-resource-rabbitmq 127.0.0.1:1
  12    10 /root/.pulumi/plugins/resource-kafka-v3.13.2/pulumi-resource-kafka 127.0.0.1:1
  21    20 /root/.pulumi/plugins/resource-rabbitmq-v3.3.8/pulumi-resource-rabbitmq 127.0.0.1:2
`;
  expect(siblingsIn(readProcesses(printed), "pulumi-resource-rabbitmq", 10)).toEqual([11]);
});
