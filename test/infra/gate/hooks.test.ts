import * as pulumi from "@pulumi/pulumi";
import { describe, expect, it } from "vitest";
import { ConnectionError, RefusedError } from "../../../client/message.ts";
import { beforeCreate, beforeDelete, beforeUpdate } from "../../../infra/gate/hooks.ts";
import type { Run } from "../../../infra/gate/run.ts";
import { guardedTypes } from "../../../infra/gate/table.ts";
import { type Fake, fakeRun } from "./fake.ts";

const QUEUE = "rabbitmq:index/queue:Queue";
const EXCHANGE = "rabbitmq:index/exchange:Exchange";
const BINDING = "rabbitmq:index/binding:Binding";
const VHOST = "rabbitmq:index/vHost:VHost";
const place = { stack: "test", allowed: [] };
const three = { messages: 3, waiting: 3, detail: "3 ready" };
const none = { messages: 0, waiting: 0, detail: "0 ready" };
const settings = (type: string) => ({ durable: true, argumentsJson: JSON.stringify({ "x-queue-type": type }) });
const orders = { name: "orders", vhost: "v", settings: settings("quorum") };

const call = (type: string, inputs: object) => ({
  urn: "",
  id: "",
  name: "orders",
  type,
  oldInputs: inputs,
  oldOutputs: inputs,
});
const deleting = (type: string, inputs: object, run: Run) =>
  beforeDelete(guardedTypes[type]!, call(type, inputs), run, place);
const why = (fake: Fake, options = {}, type = QUEUE, inputs: object = orders) =>
  deleting(type, inputs, fakeRun(fake, options)).then(
    () => "goes",
    (error: Error) => error.message.split("\n")[0],
  );

describe("what is deleted", () => {
  it("goes when it holds nothing, or is not there any more", async () => {
    expect(await why({ queues: { orders: none } })).toBe("goes");
    expect(await why({})).toBe("goes");
  });

  it("stays when it holds something", async () => {
    expect(await why({ queues: { orders: three } })).toBe(
      "rabbitmq/orders holds 3 messages (3 ready): deleting it would lose them.",
    );
  });

  it("stays while some of it waits in a shared delay tier, whoever else uses that", async () => {
    const retries = { orders: { "messaging.retry.1000ms": 2 }, jobs: { "messaging.retry.1000ms": 5 } };
    expect(await why({ queues: { orders: none }, retries })).toBe(
      "rabbitmq/orders holds 2 messages (0 ready, 2 waiting in messaging.retry.1000ms for another try): deleting it would lose them.",
    );
    expect(await why({ queues: { orders: none }, retries: { jobs: retries.jobs } })).toBe("goes");
    expect(await why({ retries })).toBe("goes");
  });

  it("stays when its broker cannot be asked", async () => {
    expect(await why({ away: new ConnectionError("no answer within 10 s") })).toBe(
      "rabbitmq/orders cannot be looked at, and so counts as not empty (no answer within 10 s).",
    );
  });

  it("stays when the broker is another cluster than the one that the state has, allowed or not", async () => {
    const fake = { queues: { orders: none }, recorded: "rabbit@a 1" };
    const sentence =
      "rabbitmq: must be the cluster rabbit@a 1, which this environment was made on, got fake. Nothing was changed there.";
    expect(await why(fake)).toBe(sentence);
    expect(await why(fake, { allowed: ["rabbitmq/orders"] })).toBe(sentence);
    expect(await why(fake, { discard: "all" })).toBe(sentence);
    expect(await why(fake, { accepted: ["rabbitmq"] })).toBe("goes");
  });

  it("stays on another cluster even where it holds nothing by its nature", async () => {
    const permissions = "rabbitmq:index/permissions:Permissions";
    const inputs = { user: "shop", vhost: "v" };
    expect(await why({}, {}, permissions, inputs)).toBe("goes");
    expect(await why({ recorded: "rabbit@a 1" }, {}, permissions, inputs)).toContain("must be the cluster rabbit@a 1");
  });

  it("of a broker that the program has no more stays by what the state says of its cluster", async () => {
    const cluster = "messaging-extras:index:Cluster";
    const inputs = { broker: "rabbitmq", identity: "rabbit@a 1" };
    expect(await why({}, {}, cluster, inputs)).toContain("must be the cluster rabbit@a 1");
    expect(await why({ away: new ConnectionError("gone") }, {}, cluster, inputs)).toBe("goes");
    expect(await why({}, {}, cluster, { ...inputs, identity: "fake" })).toBe("goes");
  });

  it("goes when exactly it is allowed to, even where nobody can look", async () => {
    expect(await why({ queues: { orders: three } }, { allowed: ["rabbitmq/orders"] })).toBe("goes");
    expect(await why({ away: new ConnectionError("gone") }, { allowed: ["rabbitmq/orders"] })).toBe("goes");
    expect(await why({ queues: { orders: three } }, { allowed: ["rabbitmq/order"] })).toContain("holds 3 messages");
  });

  it("goes with all it holds where the whole environment is discarded, and with what was consumed where that is", async () => {
    expect(await why({ queues: { orders: three } }, { discard: "all" })).toBe("goes");
    expect(await why({ queues: { orders: three } }, { discard: "consumed" })).toContain("holds 3 messages");
    expect(await why({ queues: { orders: { ...three, waiting: 0 } } }, { discard: "consumed" })).toBe("goes");
  });

  it("stays, even empty, where it would be made anew because it cannot be changed in place", async () => {
    const run = fakeRun({ queues: { orders: none } });
    run.declare(QUEUE, "orders", { ...orders, settings: settings("classic") });
    await expect(deleting(QUEUE, orders, run)).rejects.toThrow(
      "rabbitmq/orders: must keep its type, quorum, got classic:",
    );
  });

  it("stays where nobody knows yet what it would become", async () => {
    const run = fakeRun({ queues: { orders: none } });
    run.declare(QUEUE, "orders", { ...orders, vhost: pulumi.output(new Promise<string>(() => {})) });
    await expect(deleting(QUEUE, orders, run)).rejects.toThrow(
      "rabbitmq/orders cannot be looked at, and so counts as not empty (its vhost is not known yet).",
    );
    run.declare(QUEUE, "orders", { ...orders, arguments: pulumi.output(new Promise<string>(() => {})) });
    await deleting(QUEUE, orders, run);
  });

  it.each([
    [
      "the recorded cluster waits for it",
      { recorded: new Promise<string>(() => {}) },
      "its recorded cluster is not known yet",
    ],
    [
      "the broker does not say which it is",
      { silent: new ConnectionError("no answer within 10 s") },
      "no answer within 10 s",
    ],
  ])("stays, though it looks empty, where %s", async (_, fake, reason) => {
    expect(await why({ queues: { orders: none }, ...fake })).toBe(
      `rabbitmq/orders cannot be looked at, and so counts as not empty (${reason}).`,
    );
    expect(await why({ ...fake })).toContain(reason);
    expect(await why({ queues: { orders: none }, ...fake }, { allowed: ["rabbitmq/orders"] })).toBe("goes");
  });

  it("stays where its broker refuses to say which cluster it is", async () => {
    const fake = { queues: { orders: none }, silent: new RefusedError("401 Unauthorized") };
    expect(await why(fake)).toContain("(401 Unauthorized)");
    const permissions = "rabbitmq:index/permissions:Permissions";
    expect(await why(fake, {}, permissions, { user: "shop", vhost: "v" })).toContain("(401 Unauthorized)");
  });

  it("is looked at like any other where it is declared as it was, as when an environment is destroyed", async () => {
    const run = fakeRun({ queues: { orders: none } });
    run.declare(QUEUE, "orders", orders);
    await deleting(QUEUE, orders, run);
    expect([...run.leaving]).toEqual(["rabbitmq/orders"]);
  });
});

describe("an exchange", () => {
  const exchange = { name: "events", vhost: "v", settings: { type: "topic" } };
  const fake = { bindings: [{ source: "events", destination: "orders", routingKey: "order.*" }] };

  it("stays while a binding of somebody else leads on from it", async () => {
    expect(await why(fake, {}, EXCHANGE, exchange)).toBe(
      "rabbitmq/exchange/events holds 1 binding (bindings to orders): deleting it would lose it.",
    );
  });

  it("goes when its bindings go in the same run", async () => {
    const run = fakeRun(fake);
    await deleting(BINDING, { vhost: "v", source: "events", destination: "orders", routingKey: "order.*" }, run);
    await deleting(EXCHANGE, exchange, run);
    expect(run.leaving).toContain("rabbitmq/exchange/events");
  });

  it("stays, though its bindings go, where it would be made anew: what is published meanwhile would go nowhere", async () => {
    const given = { ...exchange, settings: { type: "topic", durable: true, autoDelete: false } };
    const anew = (change: object, allowed: string[] = []) => {
      const run = fakeRun({}, { allowed });
      run.declare(EXCHANGE, "orders", { ...given, ...change });
      return deleting(EXCHANGE, given, run).then(
        () => "goes",
        (error: Error) => /must keep its (.*): the broker/.exec(error.message)?.[1],
      );
    };
    const settings = (change: object) => ({ settings: { ...given.settings, ...change } });
    expect(await anew({ name: "others" })).toBe("name, events, got others");
    expect(await anew({ vhost: "w" })).toBe("vhost, v, got w");
    expect(await anew(settings({ type: "direct" }))).toBe("type, topic, got direct");
    expect(await anew(settings({ durable: false }))).toBe("durable, true, got false");
    expect(await anew(settings({ autoDelete: true }))).toBe("autoDelete, false, got true");
    expect(await anew(settings({ durable: false }), ["rabbitmq/exchange/events"])).toBe("goes");
    expect(await anew({})).toBe("goes");
  });
});

describe("a vhost", () => {
  it("is told to stay by what is in it, where it is renamed", async () => {
    for (const [type, inputs] of [
      [QUEUE, { ...orders, name: "messaging.retry.1000ms" }],
      [EXCHANGE, { name: "events", vhost: "v", settings: { type: "topic" } }],
    ] as const) {
      const run = fakeRun({}, { vhost: "w" });
      run.declare(type, "orders", { ...inputs, vhost: "w" });
      await expect(deleting(type, inputs, run)).rejects.toThrow(
        "To change it without loss: say below rabbitmq: vhost: v, as nothing is moved from one vhost into another",
      );
    }
  });

  it("stays while a queue that does not go by itself holds something", async () => {
    const run = fakeRun({ queues: { orders: three, foreign: three } }, { allowed: ["rabbitmq/orders"] });
    await deleting(QUEUE, orders, run);
    await expect(deleting(VHOST, { name: "v" }, run)).rejects.toThrow(
      "rabbitmq/vhost/v holds 3 messages (foreign: 3 ready)",
    );
  });

  it("stays while somebody else's queue or exchange is in it, though it holds nothing", async () => {
    const queues = {
      orders: none,
      theirs: none,
      "exchange/news": none,
      "amq.gen-1": none,
      "exchange/messaging.audit": none,
    };
    const taking = async (options: Parameters<typeof fakeRun>[1] = {}) => {
      const run = fakeRun({ queues }, options);
      await deleting(QUEUE, orders, run);
      return deleting(VHOST, { name: "v" }, run).then(
        () => "is deleted",
        (error: Error) => error.message,
      );
    };
    expect(await taking()).toMatchInlineSnapshot(`
      "rabbitmq/vhost/v has theirs, exchange/news, exchange/messaging.audit in it, which are not known as this environment's own: deleting it would take them away from whoever uses them.
        Keep it in the skill until those are gone.
        Or lose it on purpose, once: add to Pulumi.test.yaml below config:
          messaging:allowDataLoss: [rabbitmq/vhost/v]"
    `);
    expect(await taking({ allowed: ["rabbitmq/vhost/v"] })).toBe("is deleted");
    // As `npm run down` does: nobody waits for what is in them.
    expect(await taking({ discard: "consumed" })).toBe("is deleted");
  });

  it("does not take its broker's volume along while that has something of somebody else's", async () => {
    const run = fakeRun({ queues: { orders: none, theirs: none } }, { allowed: ["rabbitmq/vhost/v"] });
    await deleting(QUEUE, orders, run);
    await deleting(VHOST, { name: "v" }, run);
    const volume = { ...call("docker:index/volume:Volume", { name: "messaging-test-rabbitmq" }), name: "rabbitmq" };
    await expect(beforeDelete(guardedTypes[volume.type]!, volume, run, place)).rejects.toThrow(
      "rabbitmq/volume has theirs@v in it, which is not known as this environment's own: deleting it would take it away from whoever uses it.",
    );
  });
});

describe("what is made", () => {
  const making = (run: Run) => beforeCreate(guardedTypes[QUEUE]!, { ...call(QUEUE, {}), newInputs: orders }, run);

  it("must not be there already", async () => {
    await expect(making(fakeRun({ existing: ["orders"] }))).rejects.toThrow("rabbitmq/orders: must not exist yet");
    await making(fakeRun({}));
  });

  it("may be there where it is made anew", async () => {
    const run = fakeRun({ queues: { orders: none }, existing: ["orders"] });
    await deleting(QUEUE, orders, run);
    await making(run);
  });

  it("fails at up where the broker cannot be asked", async () => {
    await expect(making(fakeRun({ away: new ConnectionError("gone") }))).rejects.toThrow("gone");
  });
});

describe("messaging:allowDataLoss", () => {
  it("knows the entries that nothing asked for", async () => {
    const run = fakeRun({ queues: { orders: three } }, { allowed: ["rabbitmq/orders", "kafka/gone"] });
    await deleting(QUEUE, orders, run);
    expect(run.unused()).toEqual(["kafka/gone"]);
  });
});

describe("what leads to a queue that is dropped", () => {
  const binding = { vhost: "v", source: "events", destination: "orders", routingKey: "order.*" };
  const permissions = "rabbitmq:index/permissions:Permissions";
  const rights = { user: "shop", vhost: "v" };
  const narrowing = (run: Run) =>
    beforeUpdate(guardedTypes[permissions]!, { ...call(permissions, rights), newInputs: rights }, run, place);
  const dropping = (queues: Fake["queues"], options = {}, changes?: string[]) => {
    const run = fakeRun({ queues }, options);
    const old = { name: "", inputs: { name: "orders", vhost: "v" }, outputs: {} };
    run.dropped = [[{ type: QUEUE, old, ...(changes && { changes }) }]];
    return run;
  };
  const sentence = "rabbitmq/orders holds 3 messages (3 ready): deleting it would lose them.";

  it.each([
    ["bindings", (run: Run) => deleting(BINDING, binding, run)],
    ["a user", (run: Run) => deleting("rabbitmq:index/user:User", { name: "shop" }, run)],
    ["changed rights", narrowing],
    ["the rights of another broker", (run: Run) => deleting("kafka:index/quota:Quota", {}, run)],
    ["a queue that is empty", (run: Run) => deleting(QUEUE, { ...orders, name: "orders.dlq" }, run)],
  ])("stays at up while the queue holds something: %s", async (_, take) => {
    await expect(take(dropping({ orders: three }))).rejects.toThrow(sentence);
    await take(dropping({ orders: none }));
    await take(dropping({ orders: three }, { allowed: ["rabbitmq/orders"] }));
    await take(dropping({ orders: { ...three, waiting: 0 } }, { discard: "consumed" }));
    await take(fakeRun({ queues: { orders: three } }));
  });

  it("stays, even where the queue is empty, while the queue would be deleted and made in another vhost", async () => {
    const changes = ["vhost, v, got w"];
    await expect(narrowing(dropping({ orders: none }, {}, changes))).rejects.toThrow(
      "rabbitmq/orders: must keep its vhost, v, got w: the broker cannot change that in place",
    );
    await narrowing(dropping({ orders: none }, { allowed: ["rabbitmq/orders"] }, changes));
  });

  it("is asked for also where something went before the program had declared all", async () => {
    const run = dropping({ orders: three });
    const { dropped } = run;
    run.dropped = undefined;
    await narrowing(run);
    run.dropped = dropped;
    await expect(narrowing(run)).rejects.toThrow(sentence);
  });

  it("stays while a stranger's queue in its vhost, or on its broker's volume, holds something, or a stranger's is bound to its exchange", async () => {
    const old = (inputs: object, name = "") => ({ name, inputs: { vhost: "v", ...inputs }, outputs: {} });
    const all = [
      [{ type: QUEUE, old: old({ name: "orders" }) }],
      [{ type: "rabbitmq:index/exchange:Exchange", old: old({ name: "events", bound: ["orders"] }) }],
      [{ type: "rabbitmq:index/vHost:VHost", old: old({ name: "v" }) }],
      [{ type: "docker:index/volume:Volume", old: old({ name: "-rabbitmq" }, "rabbitmq") }],
    ];
    const taking = async (fake: Fake, dropped = all, allowed = ["rabbitmq/orders"]) => {
      const run = fakeRun({ queues: { orders: three }, bindings: [binding], ...fake }, { allowed });
      run.dropped = dropped;
      await deleting(BINDING, binding, run);
    };
    await taking({});
    const theirs = { queues: { orders: three, theirs: three } };
    await expect(taking(theirs)).rejects.toThrow("rabbitmq/vhost/v holds 3 messages (theirs: 3 ready)");
    await expect(taking({ queues: { orders: three, theirs: none } })).rejects.toThrow(
      "rabbitmq/vhost/v has theirs in it",
    );
    await expect(taking(theirs, [[], [], [], all[3]!])).rejects.toThrow("rabbitmq/volume holds 6 messages");
    await expect(taking(theirs, all, ["rabbitmq/orders", "rabbitmq/vhost/v"])).rejects.toThrow(
      "rabbitmq/volume holds 3 messages",
    );
    await expect(taking({ bindings: [binding, { ...binding, destination: "theirs" }] })).rejects.toThrow(
      "rabbitmq/exchange/events holds 1 binding (bindings to theirs)",
    );
  });

  it("is asked for once", async () => {
    const queues = { orders: none };
    const run = dropping(queues);
    await narrowing(run);
    Object.assign(queues, { orders: three });
    await deleting(BINDING, binding, run);
    await expect(deleting(QUEUE, orders, run)).rejects.toThrow(sentence);
  });
});

describe("a binding, or an ACL", () => {
  const binding = { vhost: "v", source: "events", destination: "orders", routingKey: "order.*" };
  const declared = { types: { orders: "quorum", events: "topic" } };
  const events = { name: "events", vhost: "v", settings: { type: "topic", durable: true, autoDelete: false } };
  const taking = async (fake: Fake, [queue, exchange]: [object?, object?], allowed: string[] = []) => {
    const run = fakeRun(fake, { allowed });
    if (queue) run.declare(QUEUE, "orders", queue);
    if (exchange) run.declare(EXCHANGE, "events", exchange);
    run.dropped = [];
    await deleting(BINDING, binding, run);
  };
  const classic = { ...orders, settings: settings("classic") };

  it("goes where what it leads to and from stays as it is, or is there no more", async () => {
    await taking(declared, [orders, events]);
    await taking({}, [orders, events]);
    await taking({}, []);
    await taking({ ...declared, queues: { orders: none } }, []);
  });

  it("stays where its queue or exchange would be made anew and may not be", async () => {
    await expect(taking(declared, [classic, events])).rejects.toThrow(
      "rabbitmq/orders: must keep its type, quorum, got classic",
    );
    const direct = { ...events, settings: { ...events.settings, type: "direct" } };
    await expect(taking(declared, [orders, direct])).rejects.toThrow(
      "rabbitmq/exchange/events: must keep its type, topic, got direct",
    );
    await taking(declared, [classic, direct], ["rabbitmq/orders", "rabbitmq/exchange/events"]);
    const all = fakeRun({ ...declared, away: new ConnectionError("gone") }, { discard: "all" });
    all.declare(QUEUE, "orders", classic);
    await deleting(BINDING, binding, all);
    await expect(taking({ away: new ConnectionError("gone") }, [classic])).rejects.toThrow(
      "rabbitmq/orders cannot be looked at",
    );
  });

  it("stays, as a queue's policy does, where that would be made anew and may not be", async () => {
    const policy = "rabbitmq:index/policy:Policy";
    const inputs = { vhost: "v", name: "orders", policy: { definition: {} } };
    const changing = async (queue: object) => {
      const run = fakeRun(declared);
      run.declare(QUEUE, "orders", queue);
      await beforeUpdate(guardedTypes[policy]!, { ...call(policy, inputs), newInputs: inputs }, run, place);
    };
    await expect(changing(classic)).rejects.toThrow("rabbitmq/orders: must keep its type, quorum, got classic");
    await changing(orders);
  });

  it("stays while a queue that goes and that no output names holds something", async () => {
    const holding = { ...declared, queues: { orders: three } };
    await expect(taking(holding, [])).rejects.toThrow("rabbitmq/orders holds 3 messages");
    await taking(holding, [], ["rabbitmq/orders"]);
    // Not all is declared yet.
    await deleting(BINDING, binding, fakeRun(holding));
  });
});
