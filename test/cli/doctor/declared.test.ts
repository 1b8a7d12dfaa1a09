import { expect, it } from "vitest";
import { driftedFindings } from "../../../cli/doctor/declared.ts";
import type { Finding as Drifted } from "../../../cli/drift/finding.ts";

const said = (...drifted: (Pick<Drifted, "kind" | "name"> & Partial<Drifted>)[]) =>
  driftedFindings(drifted.map((one) => ({ broker: "kafka", status: "missing", changes: [], ...one }))).map(
    ({ trouble, place, found }) => `${trouble}: ${place}: ${found}`,
  );
const topic = (property: string, expected: string, found: string) =>
  said({ kind: "topic", name: "t.g.dlt", status: "changed", changes: [{ property, expected, found }] });
const acl = (what: string) => ({ kind: "acl", name: `User:shop may ${what}` });

it("Rights that an app has not are told once for its user", () => {
  expect(said(acl("Write Topic a"))).toEqual([
    "refused: kafka user shop: acl User:shop may Write Topic a is not there",
  ]);
  expect(said(acl("Write Topic a"), acl("Write Topic b"), acl("Read Topic c"), acl("Read Group d"))).toEqual([
    "refused: kafka user shop: acl User:shop may Write Topic a is not there; acl User:shop may Write Topic b is not there; acl User:shop may Read Topic c is not there; and 1 more",
  ]);
  expect(
    said(
      { broker: "rabbitmq", kind: "permission", name: "shop" },
      {
        broker: "rabbitmq",
        kind: "topic permission",
        name: "shop on events",
        status: "changed",
        changes: [{ property: "write", expected: "^orders", found: "^$" }],
      },
      { broker: "rabbitmq", kind: "user", name: "billing" },
    ),
  ).toEqual([
    'refused: rabbitmq user shop: permission shop is not there; topic permission shop on events: write is "^$", not "^orders"',
    "refused: rabbitmq user billing: user billing is not there",
  ]);
});

it("A user that is kept in another way, and what is as it should be, lack nothing", () => {
  const changes = [{ property: "tags", expected: "", found: "monitoring" }];
  expect(said({ broker: "rabbitmq", kind: "user", name: "shop", status: "changed", changes })).toEqual([]);
  expect(said({ ...acl("Write Topic a"), status: "managed" }, { ...acl("Read Topic b"), status: "foreign" })).toEqual(
    [],
  );
});

it.each<[string, string, string, string[]]>([
  ["retention.ms", "1209600000", "1000", ["message loss: kafka/t.g.dlt: retention.ms is 1000, not 1209600000"]],
  ["retention.ms", "-1", "1000", ["message loss: kafka/t.g.dlt: retention.ms is 1000, not -1"]],
  ["retention.ms", "1209600000", "", ["message loss: kafka/t.g.dlt: retention.ms is 604800000, not 1209600000"]],
  ["retention.ms", "1000", "-1", []],
  ["retention.ms", "1000", "2000", []],
  ["retention.bytes", "", "1", ["message loss: kafka/t.g.dlt: retention.bytes is 1, not -1"]],
  ["cleanup.policy", "delete", "compact", ["message loss: kafka/t.g.dlt: cleanup.policy is compact, not delete"]],
  [
    "cleanup.policy",
    "",
    "compact,delete",
    ["message loss: kafka/t.g.dlt: cleanup.policy is compact,delete, not delete"],
  ],
  ["cleanup.policy", "compact", "compact,delete", []],
  ["max.message.bytes", "1114124", "500", ["refused: kafka/t.g.dlt: max.message.bytes is 500, not 1114124"]],
  ["max.message.bytes", "", "500", ["refused: kafka/t.g.dlt: max.message.bytes is 500, not 1048588"]],
  ["max.message.bytes", "", "2000000", []],
  ["segment.ms", "", "1", []],
])("A topic's %s that should be %j and is %j finds %j", (property, expected, found, findings) => {
  expect(topic(property, expected, found)).toEqual(findings);
});

it("A setting that the skill declares is put back by an up, another is deleted by hand, as an up refuses to", () => {
  const fixOf = (expected: string) => {
    const changes = [{ property: "max.message.bytes", expected, found: "500" }];
    return driftedFindings([{ broker: "kafka", kind: "topic", name: "t", status: "changed", changes }])[0]!.fix;
  };
  expect(fixOf("1114124")).toMatchInlineSnapshot(
    `"Put it back: npx pulumi up --refresh. What was deleted or refused must be sent again."`,
  );
  expect(fixOf("")).toMatchInlineSnapshot(
    `"Delete it on a broker, as the skill does not declare it and npx pulumi up refuses to change the topic meanwhile: kafka-configs.sh --alter --entity-type topics --entity-name t --delete-config max.message.bytes. What was deleted or refused must be sent again."`,
  );
});
