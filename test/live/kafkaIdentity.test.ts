import { describe, expect, it } from "vitest";
import { ConnectionError, RefusedError } from "../../client/message.ts";
import { answeringServers, type KafkaLogin } from "../../live/kafkaIdentity.ts";

const loginOf = (bootstrapServers: string[]): KafkaLogin => ({
  bootstrapServers,
  securityProtocol: "SASL_PLAINTEXT",
  saslMechanism: "SCRAM-SHA-512",
  username: "root",
  password: "p",
});
const away = async (): Promise<string> => {
  throw new ConnectionError("ECONNREFUSED");
};
const says: Record<string, () => Promise<string>> = {
  answers: async () => "id",
  refuses: async () => {
    throw new RefusedError("the broker refuses root");
  },
  away,
  silent: () => new Promise(() => {}),
};
const answering = (servers: string[], patience?: number) =>
  answeringServers(loginOf(servers), (server) => says[server]!(), patience);

describe("the bootstrap servers that Pulumi's provider is given", () => {
  it("are those that answer, be it a refusal, in their order", async () => {
    expect(await answering(["away", "refuses", "silent", "answers"], 20)).toEqual(["refuses", "answers"]);
  });

  it("are all where none answers", async () => {
    expect(await answering(["away", "silent"], 20)).toEqual(["away", "silent"]);
  });

  it("are not asked where there is one alone", async () => {
    expect(await answeringServers(loginOf(["one:9092"]), () => expect.fail("it is asked"))).toEqual(["one:9092"]);
  });

  it("are asked over the network, where nobody listens", async () => {
    const servers = ["127.0.0.1:1", "127.0.0.1:2"];
    expect(await answeringServers(loginOf(servers))).toEqual(servers);
  });
});
