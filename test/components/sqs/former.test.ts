import { expect, it } from "vitest";
import type { FormerSqs } from "../../../components/former.ts";
import { toSummary } from "../../../components/sqs/flows.ts";
import { formerPlaces, formerReceives, placesOf } from "../../../components/sqs/former.ts";
import { parseSkill } from "../../../skill/index.ts";

const skill = (payments: object) =>
  parseSkill({
    name: "shop",
    version: "2.0.0",
    apps: { shop: {}, worker: {} },
    sqs: { queues: { payments: { producers: ["shop"], consumers: ["worker"], ...payments } } },
  }).sqs!;
const told = placesOf({ payments: { maxReceiveCount: 4 }, ordered: {} });
const kept = (payments: object, app = "worker") => formerPlaces(skill(payments), app, told).receives;

it("keeps the count of an earlier output where the skill has a lower one, and the app still consumes", () => {
  const four = [{ queue: "payments", maxReceiveCount: 4 }];
  expect(told.receives).toEqual(four);
  expect(kept({ retry: { maxAttempts: 1 } })).toEqual(four);
  expect(kept({ retry: { maxAttempts: 4 } })).toEqual([]);
  expect(kept({ retry: { maxAttempts: 5 } })).toEqual([]);
  expect(kept({ retry: { maxAttempts: 1 } }, "shop")).toEqual([]);
  expect(kept({ onPoison: "block" })).toEqual([]);
  expect(formerPlaces(skill({}), "worker", placesOf({ refunds: { maxReceiveCount: 4 } })).receives).toEqual([]);
});

it("is the highest of them, and the summary says for whom", () => {
  const former = [4, 7].map((maxReceiveCount): FormerSqs => {
    return { broker: "sqs", app: "worker", mark: "", receives: [{ queue: "payments", maxReceiveCount }] };
  });
  const spec = skill({ retry: { maxAttempts: 1 } }).queues.payments!;
  expect(formerReceives(former, "payments")?.maxReceiveCount).toBe(7);
  expect(formerReceives(former, "refunds")).toBeUndefined();
  expect(toSummary("payments", spec, former)[0]?.detail).toBe(
    "keeps 4d, 1 delivery (SQS allows 7, former: kept while worker may run with an earlier output)",
  );
});
