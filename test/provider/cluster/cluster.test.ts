import provider from "@pulumi/pulumi/proto/provider_pb.js";
import { beforeEach, describe, expect, it } from "vitest";
import { clusterBy } from "../../../provider/cluster/cluster.ts";
import type { Contact } from "../../../provider/cluster/contact.ts";
import { ProviderServer } from "../../../provider/server.ts";
import { fromStruct, type Properties, toStruct, UNKNOWN } from "../../../provider/wire.ts";

const TYPE = "messaging-extras:index:Cluster";
const URN = `urn:pulumi:prod::messaging::${TYPE}::rabbitmq`;
const connection = { managementUrl: "https://r:15671", username: "root", password: "p" };
const inputs = { broker: "rabbitmq", connection };
const state = { ...inputs, identity: "A" };

/** Who answers at each address, and how often it was asked. */
let clusters: Record<string, string | undefined>;
let asked: string[];
const contact: Contact = {
  async fit(_broker, { managementUrl }) {
    if (managementUrl === "https://old:15671")
      throw new Error("rabbitmq at https://old:15671: must be RabbitMQ 3.10 or later");
  },
  async identity(_broker, { managementUrl }) {
    asked.push(String(managementUrl));
    if (managementUrl === "away") throw new Error("rabbitmq at away: must answer, got no answer within 8 s");
    return clusters[String(managementUrl)];
  },
  async marked(_broker, { managementUrl }) {
    clusters[String(managementUrl)] ??= "new mark";
    return clusters[String(managementUrl)]!;
  },
};
let handlers: ProviderServer["handlers"];

beforeEach(() => {
  clusters = { "https://r:15671": "A", "https://moved:15671": "A", "https://other:15671": "B" };
  asked = [];
  handlers = new ProviderServer({ [TYPE]: clusterBy(contact) }, "1.2.3").handlers;
});

/** Check and diff, as the engine calls them in every plan: the properties that would change. */
async function plan(news: Properties, olds: Properties = state): Promise<string[]> {
  const checked = await check(news);
  const { identity: _, ...oldInputs } = olds;
  const request = new provider.DiffRequest().setUrn(URN).setId("rabbitmq").setOlds(toStruct(olds));
  request.setOldInputs(toStruct(oldInputs)).setNews(toStruct(checked));
  const response = (await handlers.diff!(request)) as provider.DiffResponse;
  expect(response.getReplacesList()).toEqual([]);
  return response.getDiffsList();
}

async function check(news: Properties, olds: Properties = {}): Promise<Properties> {
  const response = (await handlers.check!(
    new provider.CheckRequest().setUrn(URN).setOlds(toStruct(olds)).setNews(toStruct(news)),
  )) as provider.CheckResponse;
  expect(response.getFailuresList()).toEqual([]);
  return fromStruct(response.getInputs());
}

const update = async (news: Properties, olds: Properties = state) => {
  const request = new provider.UpdateRequest().setUrn(URN).setId("rabbitmq").setOlds(toStruct(olds));
  const response = (await handlers.update!(request.setNews(toStruct(news)))) as provider.UpdateResponse;
  return fromStruct(response.getProperties());
};
const at = (managementUrl: string) => ({ broker: "rabbitmq", connection: { ...connection, managementUrl } });

describe("the cluster of an environment", () => {
  it("is recorded when it is made, and a server without a mark is given one", async () => {
    const create = async (news: Properties) => {
      const request = new provider.CreateRequest().setUrn(URN).setProperties(toStruct(news));
      const response = (await handlers.create!(request)) as provider.CreateResponse;
      return [response.getId(), fromStruct(response.getProperties()).identity];
    };
    expect(await create(inputs)).toEqual(["rabbitmq", "A"]);
    expect(await create(at("https://unmarked"))).toEqual(["rabbitmq", "new mark"]);
    expect(await create(at("https://unmarked"))).toEqual(["rabbitmq", "new mark"]);
  });

  it("is looked at in every plan, and changes nothing while it is the same", async () => {
    expect(await plan(inputs)).toEqual([]);
    expect(asked).toEqual(["https://r:15671"]);
  });

  it("may have another address or password", async () => {
    expect(await plan(at("https://moved:15671"))).toEqual(["connection"]);
    expect(await update(at("https://moved:15671"))).toEqual({ ...at("https://moved:15671"), identity: "A" });
    expect(await plan({ ...inputs, connection: { ...connection, password: "q" } })).toEqual(["connection"]);
  });

  it("is the same through each of its nodes, and is recorded anew before all of its nodes are others", async () => {
    const id = "rabbitmq-cluster-id-x";
    const before = { ...state, identity: `rabbit@1 (${id})` };
    clusters["https://r:15671"] = `rabbit@2 (${id} on rabbit@1, rabbit@2)`;
    expect(await plan(inputs, before)).toEqual([]);
    expect((await update(at("https://r:15671"), before)).identity).toBe(`rabbit@2 (${id} on rabbit@1, rabbit@2)`);
    const outdated = { ...state, identity: `rabbit@0 (${id} on rabbit@0, rabbit@1)` };
    expect(await plan(inputs, outdated)).toEqual(["identity"]);
    expect((await update(inputs, outdated)).identity).toBe(`rabbit@2 (${id} on rabbit@1, rabbit@2)`);
  });

  it("is not told to be forgotten where only an imported id speaks against it", async () => {
    const before = { ...state, identity: "rabbit@9 (rabbitmq-cluster-id-x)" };
    clusters["https://r:15671"] = "rabbit@2 (rabbitmq-cluster-id-x on rabbit@1, rabbit@2)";
    await expect(plan(inputs, before)).rejects.toThrowErrorMatchingInlineSnapshot(`
      [Error: rabbitmq at https://r:15671: must be the cluster rabbit@9 (rabbitmq-cluster-id-x), which this environment was made on, got rabbit@2 (rabbitmq-cluster-id-x on rabbit@1, rabbit@2). Nothing was changed there.
        Both have one internal id and no node in common. It is another cluster if the definitions of the recorded one were imported there:
        then put the address right. It is the same one if all of its nodes were replaced, or the one that it was called after was:
          1. pulumi config set --path 'messaging:acceptCluster[0]' rabbitmq
          2. pulumi up: it records the current nodes
          3. pulumi config rm messaging:acceptCluster]
    `);
    expect(await plan({ ...inputs, accept: true }, before)).toEqual(["identity"]);
  });

  it("must not be another, in a plan, in an update or in a refresh", async () => {
    const other = at("https://other:15671");
    const read = async () =>
      handlers.read!(
        new provider.ReadRequest()
          .setUrn(URN)
          .setId("rabbitmq")
          .setProperties(toStruct({ ...other, identity: "A" })),
      );
    for (const attempt of [() => plan(other), () => update(other), read]) {
      await expect(attempt()).rejects.toThrow(
        "rabbitmq at https://other:15671: must be the cluster A, which this environment was made on, got B.",
      );
    }
    await expect(plan(at("https://unmarked"))).rejects.toThrow("got one that no environment was made on.");
  });

  it("is told in full, with the way out and without the password", async () => {
    await expect(plan(at("https://other:15671"))).rejects.toThrowErrorMatchingInlineSnapshot(`
      [Error: rabbitmq at https://other:15671: must be the cluster A, which this environment was made on, got B. Nothing was changed there.
        Where the address is wrong, put it right. Where the cluster was really replaced by a new one:
          1. pulumi config set --path 'messaging:acceptCluster[0]' rabbitmq
          2. pulumi up: it takes the new cluster as the environment's own, and makes nothing on it yet
          3. pulumi config rm messaging:acceptCluster
          4. pulumi refresh: it finds what is not there, and forgets it
          5. pulumi up: it makes that again]
    `);
  });

  it("stays as it is in a refresh", async () => {
    const request = new provider.ReadRequest().setUrn(URN).setId("rabbitmq").setProperties(toStruct(state));
    const response = (await handlers.read!(request)) as provider.ReadResponse;
    expect(fromStruct(response.getInputs())).toEqual(inputs);
    expect(fromStruct(response.getProperties())).toEqual(state);
  });

  it("is not asked while its address is not known yet", async () => {
    expect(await plan(at(UNKNOWN))).toEqual(["connection"]);
    expect(asked).toEqual([]);
  });

  it("fails the plan where it does not answer", async () => {
    await expect(plan(at("away"))).rejects.toThrow("rabbitmq at away: must answer, got no answer within 8 s");
  });

  it("must be one that the project works with before it is planned, where its address is known", async () => {
    await expect(check(at("https://old:15671"))).rejects.toThrow("must be RabbitMQ 3.10 or later");
    await check(at("https://r:15671"));
    await check({ ...at("https://old:15671"), connection: { managementUrl: "https://old:15671", password: UNKNOWN } });
    // Of one that was made already, the comparison of every plan asks that.
    await check(at("https://old:15671"), inputs);
  });

  it("is left alone when the environment goes", async () => {
    const request = new provider.DeleteRequest().setUrn(URN).setId("rabbitmq").setProperties(toStruct(state));
    await handlers.delete!(request);
    expect(asked).toEqual([]);
  });
});

describe("messaging:acceptCluster", () => {
  const accepting = { ...at("https://other:15671"), accept: true };

  it("takes another cluster as the environment's own, and stands in no state", async () => {
    expect(await plan(accepting)).toEqual(["connection", "identity"]);
    expect(await check(accepting)).toEqual(at("https://other:15671"));
    expect(await update(at("https://other:15671"))).toEqual({ ...at("https://other:15671"), identity: "B" });
  });

  it("is an error where the cluster is the recorded one", async () => {
    await expect(plan({ ...inputs, accept: true })).rejects.toThrowErrorMatchingInlineSnapshot(
      `[Error: messaging:acceptCluster: must name a broker whose cluster was replaced, got rabbitmq, which is the one that this environment was made on: take it out. (An entry is for one update.)]`,
    );
  });

  it("is an error where nothing is recorded yet", async () => {
    await check({ ...inputs, accept: true });
    const request = new provider.CreateRequest().setUrn(URN).setProperties(toStruct(inputs));
    await expect(handlers.create!(request)).rejects.toThrow("messaging:acceptCluster: must name a broker");
  });

  it("ends with the run that it was given to", async () => {
    await plan(accepting);
    await expect(plan(at("https://other:15671"))).rejects.toThrow("must be the cluster A");
  });
});
