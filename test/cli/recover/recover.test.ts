import { expect, test } from "vitest";
import { asText } from "../../../cli/recover/index.ts";

const nothing = { released: [], ended: [], containers: [], found: [] };

test("says so when there is nothing to recover", () => {
  expect(asText(nothing)).toBe("nothing to recover\n");
});

test("says of each thing what it was and what became of it", () => {
  const found = [
    { name: "rabbitmq queue orders", urn: "1", was: "creating", exists: true, did: "adopted" as const },
    { name: "kafka topic clicks", urn: "2", was: "creating", exists: false, did: "dropped" as const },
    { name: "rabbitmq policy orders", urn: "3", was: "updating", exists: true, did: "refreshed" as const },
    { name: "rabbitmq queue old", urn: "4", was: "deleting", exists: false, did: "removed" as const },
    { name: "kafka topic views", urn: "5", was: "nothing", exists: true, did: "adopted" as const },
    { name: "kafka topic logs", urn: "6", was: "nothing", exists: true, did: "left" as const },
  ];
  expect(
    asText({ released: ["ci@runner-7:4711"], ended: [4712], containers: ["Removed the container a."], found }),
  ).toMatchInlineSnapshot(`
    "lock of ci@runner-7:4711: released
    process 4712: ended, as its Pulumi is no more
    Removed the container a.
    rabbitmq queue orders: was being made, and exists; it is in the state now
    kafka topic clicks: was being made; the next up makes it
    rabbitmq policy orders: was being changed, and exists; the state says what it is
    rabbitmq queue old: was being deleted, and is gone; the state does not have it any more
    kafka topic views: exists and was not noted; it is in the state now
    kafka topic logs: exists and is not in the state; left
    "
  `);
});
