import { afterAll, afterEach, beforeAll, describe, expect, inject, it } from "vitest";
import { connect } from "../../client/index.ts";
import { UntoldError } from "../../client/message.ts";
import { allDeadLetters, operate } from "../../client/operate.ts";
import type { OperatorAccess } from "../../client/operator.ts";
import { drainQueues } from "../../client/rabbitmq/drain.ts";
import { linkTo } from "../../client/rabbitmq/link.ts";
import { container, inside, output, pulumi, restore } from "./clone.ts";
import { must } from "./command.ts";
import { allow, changeSkill, refusals } from "./gate.ts";

const clone = inject("clone");

const ctl = async (...args: string[]): Promise<string> => {
  const { code, stdout, output: printed } = await inside(clone, "rabbitmq", ["rabbitmqctl", "--quiet", ...args]);
  if (code !== 0) throw new Error(printed);
  return stdout;
};
/** How clients reach what is there, and by which policies. */
async function ways(): Promise<object[]> {
  const kinds = ["bindings", "permissions", "topic_permissions", "policies"];
  const lists = await Promise.all(kinds.map((what) => ctl("--formatter", "json", `list_${what}`, "-p", "orders")));
  return lists.flatMap((list) => JSON.parse(list));
}
const outputs = () => Promise.all(["apps", "operator", "summary"].map((name) => output(clone, name)));
const messagesIn = async (queue: string): Promise<number | undefined> => {
  const listed = JSON.parse(await ctl("--formatter", "json", "list_queues", "-p", "orders", "name", "messages"));
  return listed.find(({ name }: { name: string }) => name === queue)?.messages;
};
async function publish(count: number, flow = "rabbitmq/orders"): Promise<void> {
  // biome-ignore lint/suspicious/noExplicitAny: the access of one app
  const apps = await output<Record<string, any>>(clone, "apps");
  const client = connect(apps["order-service"]);
  const key = flow === "rabbitmq/orders" ? { key: "order.created" } : {};
  for (let at = 0; at < count; at++) await client.publish(flow, { body: `m${at}`, ...key });
  await client.close();
}
async function publishAsOperator(exchange: string, routingKey: string): Promise<void> {
  const link = linkTo((await output<OperatorAccess>(clone, "operator")).rabbitmq!);
  const { channel } = await link.open();
  await channel.basicPublish({ exchange, routingKey, durable: true }, "theirs");
  await link.close();
}
const up = async () => {
  const { code, output: printed } = await pulumi(clone, "up", "--yes", "--skip-preview", "--suppress-outputs");
  expect(code, printed).toBe(0);
  return printed;
};

// biome-ignore lint/suspicious/noExplicitAny: a skill as people write it
const withoutOrders = (skill: any) => {
  skill.rabbitmq.queues = { others: { producers: ["order-service"] } };
};

afterEach(() => {
  restore(clone, "skill.yaml");
  allow(clone);
});
// Earlier files leave dead letters here.
const empty = async () => {
  for (const queue of ["orders", "orders.dlq"]) await ctl("purge_queue", "-p", "orders", queue);
};
beforeAll(empty);
afterAll(empty);

describe("the data-loss gate of RabbitMQ", () => {
  it("refuses, at preview and at up, to delete a queue that holds messages, and loses none, nor its bindings and rights", async () => {
    await publish(7);
    const before = await ways();
    const told = await outputs();
    changeSkill(clone, withoutOrders);
    const sentence = "rabbitmq/orders holds 7 messages (7 ready): deleting it would lose them.";
    expect(await refusals(clone)).toEqual([sentence]);
    // The second knows what was there by the outputs, which the first has left as they were.
    for (let time = 0; time < 2; time++) {
      expect(await refusals(clone, "up", "--yes", "--skip-preview")).toEqual([sentence]);
      expect(await messagesIn("orders")).toBe(7);
      expect(await ways()).toEqual(expect.arrayContaining(before));
      expect(await outputs()).toEqual(told);
    }
    restore(clone, "skill.yaml");
    await up();
    expect(await messagesIn("orders")).toBe(7);
  });

  it("counts what a consumer has in hand, and a client of basic.get", async () => {
    // biome-ignore lint/suspicious/noExplicitAny: the access of one app
    const apps = await output<Record<string, any>>(clone, "apps");
    await ctl("purge_queue", "-p", "orders", "orders");
    await publish(2);
    const link = linkTo(apps.fulfilment.rabbitmq);
    const { channel } = await link.open();
    expect(await channel.basicGet({ queue: "orders" })).toBeDefined();
    const client = connect(apps.fulfilment);
    let release = () => {};
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    let took = () => {};
    const taken = new Promise<void>((resolve) => {
      took = resolve;
    });
    const consumer = await client.consume("rabbitmq/orders", async () => {
      took();
      await held;
    });
    await taken;
    changeSkill(clone, withoutOrders);
    const said = await refusals(clone);
    release();
    await consumer.stop();
    await Promise.all([client.close(), link.close()]);
    expect(said).toEqual([
      "rabbitmq/orders holds 2 messages (0 ready, 2 unacknowledged): deleting it would lose them.",
    ]);
  });

  it("asks before a stream's retention is set or lowered", async () => {
    const withStreams = (unlimited: object, limited: object) =>
      changeSkill(clone, (skill) => {
        const stream = { type: "stream", producers: ["order-service"] };
        Object.assign(skill.rabbitmq.queues, { log: { ...stream, ...unlimited }, day: { ...stream, ...limited } });
      });
    withStreams({}, { retention: "2h" });
    await up();
    await publish(3, "rabbitmq/log");
    await publish(2, "rabbitmq/day");
    withStreams({ retention: "2h" }, { retention: "1h" });
    expect(await refusals(clone)).toEqual([
      "rabbitmq/day holds 2 messages (2 ready): with max-age 3600 in place of 7200 the broker would delete what is beyond that.",
      "rabbitmq/log holds 3 messages (3 ready): with max-age 7200 in place of no limit the broker would delete what is beyond that.",
    ]);
    const told = await outputs();
    changeSkill(clone, (skill) => {
      skill.rabbitmq.queues.later = {};
    });
    expect(await refusals(clone, "up", "--yes", "--skip-preview")).not.toEqual([]);
    expect(await outputs()).toEqual(told);
    restore(clone, "skill.yaml");
    allow(clone, "rabbitmq/log", "rabbitmq/day");
    await up();
  });

  // All at once: each waits for the leader, the gate for half a minute.
  it("takes a queue whose leader hangs for no empty one: neither the gate, whatever AMQP counts, nor who moves or lists", async () => {
    const access = await output<OperatorAccess>(clone, "operator");
    const operators = await operate(access);
    const [letters] = allDeadLetters(operators);
    const leaders = "Name <- [orders_orders, 'orders_orders.dlq']";
    const moves = [{ from: "orders", to: "orders.dlq", work: true }];
    const moving = { deadline: Date.now() + 60_000, stopping: new AbortController().signal, tell: () => {} };
    await empty();
    await publish(10);
    await ctl("eval", `[sys:suspend({Name, node()}) || ${leaders}].`);
    try {
      changeSkill(clone, withoutOrders);
      const sentence = expect.stringMatching(
        /^rabbitmq\/orders cannot be looked at, and so counts as not empty \(what rabbitmq\/orders \(vhost orders\) holds cannot be known: its leader on \S+ does not report/,
      );
      const [said, ...asked] = await Promise.all([
        refusals(clone),
        ...[drainQueues(access.rabbitmq!, [], moves, moving), letters!.count(), letters!.peek(10)].map((ask) =>
          ask.then(String, (error) => error),
        ),
      ]);
      expect(said).toEqual([sentence]);
      expect(asked).toEqual(asked.map(() => expect.any(UntoldError)));
    } finally {
      await ctl("eval", `[sys:resume({Name, node()}) || ${leaders}].`);
      await Promise.all(operators.map(({ operator }) => operator.close()));
    }
    await expect.poll(() => messagesIn("orders"), { timeout: 60_000 }).toBe(10);
    await ctl("purge_queue", "-p", "orders", "orders");
  });

  it("refuses what RabbitMQ cannot change in place, even of an empty queue, says what to do, and takes nothing away that leads there", async () => {
    const [before, told] = [await ways(), await outputs()];
    const refused = async (sentence: string) => {
      expect(await refusals(clone)).toEqual([sentence]);
      expect(await refusals(clone, "up", "--yes", "--skip-preview")).toEqual([sentence]);
      expect(await ways()).toEqual(expect.arrayContaining(before));
      expect(await outputs()).toEqual(told);
    };
    changeSkill(clone, (skill) => {
      skill.rabbitmq.queues.orders.type = "classic";
    });
    await refused(
      "rabbitmq/orders: must keep its type, quorum, got classic: the broker cannot change that in place, so the queue would be deleted with all that it holds and made anew.",
    );
    changeSkill(clone, (skill) => {
      skill.rabbitmq.queues.orders.type = "quorum";
      skill.rabbitmq.exchanges["order-events"].type = "direct";
      skill.rabbitmq.queues.orders.bindings[0].routingKey = "order";
    });
    await refused(
      "rabbitmq/exchange/order-events: must keep its type, topic, got direct: the broker cannot change that in place, so the exchange would be deleted with all that it holds and made anew.",
    );
    restore(clone, "skill.yaml");
    await up();
  });

  it("keeps what leads to a queue that an up which was refused has made, and no output names", async () => {
    await ctl("eval", "sys:suspend({orders_orders, node()}).");
    try {
      changeSkill(clone, (skill) => {
        const bindings = [{ exchange: "order-events", routingKey: "extra.*" }];
        skill.rabbitmq.queues = { extra: { producers: ["order-service"], bindings } };
      });
      expect(await refusals(clone, "up", "--yes", "--skip-preview")).toEqual([
        expect.stringMatching(/^rabbitmq\/orders cannot be looked at/),
      ]);
    } finally {
      await ctl("eval", "sys:resume({orders_orders, node()}).");
    }
    await publishAsOperator("order-events", "extra.1");
    await expect.poll(() => messagesIn("extra"), { timeout: 10_000 }).toBe(1);
    const before = await ways();
    restore(clone, "skill.yaml");
    const sentence = "rabbitmq/extra holds 1 message (1 ready): deleting it would lose it.";
    expect(await refusals(clone, "up", "--yes", "--skip-preview")).toEqual([sentence]);
    expect(before.filter((way) => JSON.stringify(way).includes("extra.*"))).toHaveLength(1);
    expect((await ways()).filter((way) => JSON.stringify(way).includes("extra.*"))).toHaveLength(1);
    allow(clone, "rabbitmq/extra");
    await up();
    expect(await messagesIn("extra")).toBeUndefined();
  });

  it("refuses a renamed vhost while a queue of it holds messages, and takes nothing away in the old one", async () => {
    await publish(2);
    const before = await ways();
    changeSkill(clone, (skill) => {
      skill.rabbitmq.vhost = "elsewhere";
    });
    const said = await refusals(clone);
    expect(said.length).toBeGreaterThan(0);
    expect((await refusals(clone, "up", "--yes", "--skip-preview")).join()).toContain(
      "must keep its vhost, orders, got elsewhere",
    );
    expect(await ways()).toEqual(before);
    expect(await messagesIn("orders")).toBe(2);
    restore(clone, "skill.yaml");
    await up();
  });

  it("counts what waits in a shared delay tier for the queue that it returns to", async () => {
    const retry = { maxAttempts: 2, backoff: "fixed", initialDelay: "45s" };
    changeSkill(clone, ({ rabbitmq: { queues } }) => {
      queues.orders.retry = retry;
      queues.jobs = { producers: ["order-service"], consumers: { fulfilment: { retry } } };
    });
    await up();
    await publish(3, "rabbitmq/jobs");
    // biome-ignore lint/suspicious/noExplicitAny: the access of one app
    const client = connect((await output<Record<string, any>>(clone, "apps")).fulfilment);
    const consumer = await client.consume("rabbitmq/jobs", () => {
      throw new Error("not yet");
    });
    await expect.poll(() => messagesIn("messaging.retry.45000ms"), { timeout: 20_000 }).toBe(3);
    await consumer.stop();
    await client.close();
    changeSkill(clone, ({ rabbitmq: { queues } }) => {
      delete queues.jobs;
    });
    const sentence =
      "rabbitmq/jobs holds 3 messages (0 ready, 3 waiting in messaging.retry.45000ms for another try): deleting it would lose them.";
    expect(await refusals(clone)).toEqual([sentence]);
    expect(await messagesIn("messaging.retry.45000ms")).toBe(3);
    await ctl("purge_queue", "-p", "orders", "messaging.retry.45000ms");
    restore(clone, "skill.yaml");
    await up();
    // The tier is former until now; each later preview would look whether anybody needs it.
    await up();
  });

  it("refuses to take over a queue that somebody else made", async () => {
    await ctl("eval", declared("strangers"));
    changeSkill(clone, (skill) => {
      skill.rabbitmq.queues.strangers = {};
    });
    expect(await refusals(clone)).toEqual([
      "rabbitmq/strangers: must not exist yet, got a queue that this environment did not make: making it would take it over, and later delete it.",
    ]);
    await ctl("delete_queue", "-p", "orders", "strangers");
    expect(await refusals(clone)).toEqual([]);
  });

  it("keeps an exchange from which somebody else's binding leads on", async () => {
    changeSkill(clone, (skill) => {
      skill.rabbitmq.exchanges.spare = { type: "topic" };
    });
    await up();
    await ctl("eval", bound("spare", "orders"));
    restore(clone, "skill.yaml");
    expect(await refusals(clone)).toEqual([
      "rabbitmq/exchange/spare holds 1 binding (bindings to orders): deleting it would lose it.",
    ]);
    allow(clone, "rabbitmq/exchange/spare");
    await up();
    allow(clone);
  });

  it("refuses to take the broker itself away for a queue that somebody else made, before anything of it is touched", async () => {
    await ctl("eval", declared("strangers"));
    await publishAsOperator("", "strangers");
    await expect.poll(() => messagesIn("strangers")).toBe(1);
    const before = await ways();
    const broker = container(clone, "rabbitmq");
    const running = await must("docker", ["inspect", "--format", "{{.Id}} {{.State.StartedAt}}", broker]);
    changeSkill(clone, (skill) => {
      delete skill.rabbitmq;
    });
    allow(clone, "rabbitmq/orders");
    const sentence = "rabbitmq/vhost/orders holds 1 message (strangers: 1 ready): deleting it would lose it.";
    expect(await refusals(clone, "up", "--yes", "--skip-preview")).toEqual([sentence]);
    allow(clone, "rabbitmq/orders", "rabbitmq/vhost/orders");
    expect(await refusals(clone, "up", "--yes", "--skip-preview")).toEqual([
      "rabbitmq/volume holds 1 message (strangers@orders: 1 ready): deleting it would lose it.",
    ]);
    expect(await must("docker", ["inspect", "--format", "{{.Id}} {{.State.StartedAt}}", broker])).toBe(running);
    expect(await ways()).toEqual(before);
    // An empty queue of theirs, on which their apps may wait, is theirs all the same.
    await ctl("purge_queue", "-p", "orders", "strangers");
    allow(clone, "rabbitmq/orders");
    for (const command of [["preview"], ["up", "--yes", "--skip-preview"]]) {
      expect(await refusals(clone, ...command)).toEqual([
        "rabbitmq/vhost/orders has strangers in it, which is not known as this environment's own: deleting it would take it away from whoever uses it.",
      ]);
    }
    expect(await ways()).toEqual(before);
    allow(clone);
    restore(clone, "skill.yaml");
    expect(await refusals(clone, "preview", "--expect-no-changes")).toEqual([]);
    await ctl("delete_queue", "-p", "orders", "strangers");
  });

  it("is not passed by destroy, with the program or without", async () => {
    const with_ = await pulumi(clone, "destroy", "--preview-only", "--run-program");
    expect(with_.code).not.toBe(0);
    expect(with_.output).toContain("rabbitmq/orders holds 2 messages (2 ready)");
    const without = await pulumi(clone, "destroy", "--yes", "--skip-preview");
    expect(without.code).not.toBe(0);
    expect(without.output).toContain("You must run with the `--run-program` flag");
    expect(await refusals(clone, "preview", "--expect-no-changes")).toEqual([]);
    expect(await messagesIn("orders")).toBe(2);
  });

  it("is an error that names what nothing asked for", async () => {
    allow(clone, "rabbitmq/orders");
    const { code, output: printed } = await pulumi(clone, "preview");
    expect(code).not.toBe(0);
    expect(printed).toContain(
      "error: messaging:allowDataLoss: must name what this change would delete, got rabbitmq/orders: take it out. (An entry is for one change: it goes once that is made.)",
    );
  });

  it("lets go exactly what is allowed, with a warning, and then asks for the entry to be taken out", async () => {
    changeSkill(clone, withoutOrders);
    allow(clone, "rabbitmq/orders");
    expect(await refusals(clone)).toEqual([]);
    expect(await up()).toContain("rabbitmq/orders goes with 2 messages (2 ready), as messaging:allowDataLoss says.");
    expect(await messagesIn("orders")).toBeUndefined();
    restore(clone, "skill.yaml");
    const again = await pulumi(clone, "preview");
    expect(again.output).toContain("messaging:allowDataLoss: must name what this change would delete");
    allow(clone);
    await up();
  });

  it("lets an empty queue go, and the queue is there again with the skill", async () => {
    changeSkill(clone, withoutOrders);
    await up();
    expect(await messagesIn("orders")).toBeUndefined();
    restore(clone, "skill.yaml");
    await up();
    expect(await messagesIn("orders")).toBe(0);
  });
});

/** Erlang that declares a queue as somebody else would. */
const declared = (name: string) =>
  `rabbit_amqqueue:declare(rabbit_misc:r(<<"orders">>, queue, <<"${name}">>), true, false, [], none, <<"somebody">>).`;

/** Erlang that binds a queue to an exchange. */
const bound = (exchange: string, queue: string) =>
  `rabbit_binding:add({binding, rabbit_misc:r(<<"orders">>, exchange, <<"${exchange}">>), <<"x">>, rabbit_misc:r(<<"orders">>, queue, <<"${queue}">>), []}, <<"somebody">>).`;
