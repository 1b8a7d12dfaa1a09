import { expect, test } from "vitest";
import { idOf } from "../../../toolchain/recover/ids.ts";
import { nameOf, type State } from "../../../toolchain/recover/resource.ts";

const of = (type: string, inputs: Record<string, unknown>, state: State = {}) =>
  idOf({ urn: "urn", type, inputs }, state);

// As the providers have them in a state of a live environment.
test.each([
  ["rabbitmq:index/vHost:VHost", { name: "shop" }, "shop"],
  ["rabbitmq:index/queue:Queue", { name: "orders", vhost: "/" }, "orders@/"],
  ["rabbitmq:index/permissions:Permissions", { user: "shop", vhost: "/" }, "shop@/"],
  [
    "rabbitmq:index/binding:Binding",
    { vhost: "/", source: "events", destination: "orders", destinationType: "queue", routingKey: "order.#" },
    "//events/orders/queue/order.%23",
  ],
  [
    "rabbitmq:index/binding:Binding",
    { vhost: "/", source: "events", destination: "orders", destinationType: "queue", routingKey: "" },
    "//events/orders/queue/~",
  ],
  [
    "rabbitmq:index/binding:Binding",
    { vhost: "/", source: "e", destination: "o", destinationType: "queue", routingKey: "", argumentsJson: "{}" },
    undefined,
  ],
  ["kafka:index/topic:Topic", { name: "clicks" }, "clicks"],
  [
    "kafka:index/userScramCredential:UserScramCredential",
    { username: "shop", scramMechanism: "SCRAM-SHA-512" },
    "shop|SCRAM-SHA-512",
  ],
  [
    "kafka:index/acl:Acl",
    {
      aclPrincipal: "User:shop",
      aclHost: "*",
      aclOperation: "Write",
      aclPermissionType: "Allow",
      aclResourceType: "Topic",
      aclResourceName: "clicks",
      resourcePatternTypeFilter: "Literal",
    },
    "User:shop|*|Write|Allow|Topic|clicks|Literal",
  ],
  ["messaging-extras:redis:ConsumerGroup", { stream: "emails", group: "mailer" }, "emails/mailer"],
  ["docker:index/volume:Volume", { name: "messaging-local-kafka" }, "messaging-local-kafka"],
  ["docker:index/container:Container", { name: "messaging-local-kafka" }, undefined],
  ["messaging-extras:index:EnvironmentSecret", {}, undefined],
])("%s has the id that its provider gives it", async (type, inputs, id) => {
  expect(await of(type, inputs)).toBe(id);
});

test("a queue's address is that of its siblings with another name", async () => {
  const QUEUE = "aws:sqs/queue:Queue";
  const resources = [{ urn: "other", type: QUEUE, id: "http://127.0.0.1:4566/000000000000/payments.fifo" }];
  const id = await of(QUEUE, { name: "refunds.fifo" }, { resources });
  expect(id).toBe("http://127.0.0.1:4566/000000000000/refunds.fifo");
});

test.each([
  ["rabbitmq:index/vHost:VHost", "rabbitmq vhost x"],
  ["kafka:index/userScramCredential:UserScramCredential", "kafka user scram credential x"],
  ["messaging-extras:redis:ConsumerGroup", "redis consumer group x"],
  ["messaging-extras:index:EnvironmentSecret", "messaging environment secret x"],
  ["aws:sqs/redrivePolicy:RedrivePolicy", "sqs redrive policy x"],
])("%s is called %s", (type, name) => {
  expect(nameOf({ type, urn: `urn:pulumi:local::messaging::${type}::x` })).toBe(name);
});
