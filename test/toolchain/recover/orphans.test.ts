import { expect, test } from "vitest";
import { foundOf, trialOfPlan, without } from "../../../toolchain/recover/orphans.ts";
import type { Resource } from "../../../toolchain/recover/resource.ts";

const PROVIDER = "urn:pulumi:local::messaging::pulumi:providers:kafka::kafka";
const provider: Resource = { urn: PROVIDER, type: "pulumi:providers:kafka", custom: true, id: "1" };
const component = (name: string): Resource => ({ urn: `${name}-component`, type: "messaging:kafka:PartitionedTopic" });
const topic = (name: string, parent?: string): Resource => ({
  urn: name,
  type: "kafka:index/topic:Topic",
  custom: true,
  inputs: { name },
  provider: `${PROVIDER}::1`,
  ...(parent && { parent }),
});
const create = (resource: Resource) => ({ op: "create", urn: resource.urn, newState: resource });

test("all that the program would make is tried, with its components", async () => {
  const steps = [create(component("clicks")), create(topic("clicks", "clicks-component")), create(topic("views"))];
  const { state, targets } = await trialOfPlan({ resources: [provider] }, steps);
  expect(state.resources?.map(({ urn, id }) => [urn, id])).toEqual([
    [PROVIDER, "1"],
    ["clicks-component", undefined],
    ["clicks", "clicks"],
    ["views", "views"],
  ]);
  expect(targets).toEqual(["clicks", "views"]);
});

test("what is in the state already, what lacks its parent and what is no creation is not tried", async () => {
  const before = { resources: [provider, topic("clicks")] };
  const steps = [
    create(topic("clicks")),
    create(topic("views", "nobody")),
    { ...create(topic("old")), op: "delete" },
    { ...create(topic("same")), op: "same" },
  ];
  expect(await trialOfPlan(before, steps)).toEqual({ state: before, targets: [] });
});

test("what the broker has is found, and components of what it does not have are left out", () => {
  const before = { resources: [provider] };
  const after = { resources: [provider, component("a"), topic("a", "a-component"), component("b")] };
  const { state, found } = foundOf(before, after, ["a", "b"]);
  expect(state.resources?.map(({ urn }) => urn)).toEqual([PROVIDER, "a-component", "a"]);
  expect(found).toEqual([{ name: "kafka topic ", urn: "a", was: "nothing", exists: true, did: "adopted" }]);
});

test("what the program would change is asked about as well, and is found to be gone", async () => {
  const made = { ...topic("clicks"), id: "clicks" };
  const before = { resources: [provider, made] };
  const { state, targets } = await trialOfPlan(before, [{ op: "update", urn: "clicks", newState: made }]);
  expect({ state, targets }).toEqual({ state: before, targets: ["clicks"] });
  const { found } = foundOf(before, { resources: [provider] }, targets);
  expect(found.map(({ urn, did, exists }) => [urn, did, exists])).toEqual([["clicks", "removed", false]]);
  expect(foundOf(before, before, targets).found).toEqual([]);
});

test("what is not to be taken in stays out of the state, and what is gone as well", () => {
  const before = { resources: [provider, { ...topic("old"), id: "old" }] };
  const { state, found } = foundOf(before, { resources: [provider, topic("new")] }, ["old", "new"]);
  expect(without(state, found).resources).toEqual([provider]);
});

test("what a failed change has left otherwise than the state says is told, empty values aside", () => {
  const resource = { ...topic("clicks"), id: "clicks", outputs: { partitions: 1, config: null } };
  const foundIn = (outputs: Record<string, unknown>) =>
    foundOf({ resources: [resource] }, { resources: [{ ...resource, outputs }] }, ["clicks"]).found;
  expect(foundIn({ config: {}, partitions: 1 })).toEqual([]);
  expect(foundIn({ config: null, partitions: 2 }).map(({ did }) => did)).toEqual(["refreshed"]);
});
