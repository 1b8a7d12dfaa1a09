import { expect, test } from "vitest";
import type { StateResource } from "../../toolchain/deployment.ts";
import { topicsToAdopt } from "../../toolchain/interrupted.ts";

const flow = "urn:pulumi:local::messaging::messaging:kafka:PartitionedTopic";
const topic: StateResource = {
  urn: `${flow}$kafka:index/topic:Topic::user-events`,
  type: "kafka:index/topic:Topic",
  inputs: { name: "user-events" },
  parent: `${flow}::user-events`,
  provider: "urn:pulumi:local::messaging::pulumi:providers:kafka::kafka::0eac5a57-e52e",
};
const pending = (type: string, resource: StateResource) => ({ pending_operations: [{ type, resource }] });

test("a topic whose making was interrupted is taken over under its own parent and provider", () => {
  expect(topicsToAdopt(pending("creating", topic))).toEqual([
    {
      nameTable: {
        parent: `${flow}::user-events`,
        provider: "urn:pulumi:local::messaging::pulumi:providers:kafka::kafka",
      },
      resources: [
        {
          type: "kafka:index/topic:Topic",
          name: "user-events",
          id: "user-events",
          parent: "parent",
          provider: "provider",
        },
      ],
    },
  ]);
});

test("nothing is taken over that is in the state, that was being changed or deleted, or that can be made twice", () => {
  expect(topicsToAdopt(undefined)).toEqual([]);
  expect(topicsToAdopt({ ...pending("creating", topic), resources: [topic] })).toEqual([]);
  expect(topicsToAdopt(pending("deleting", topic))).toEqual([]);
  expect(topicsToAdopt(pending("creating", { ...topic, type: "kafka:index/acl:Acl" }))).toEqual([]);
});
