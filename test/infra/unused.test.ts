import { describe, expect, it, vi } from "vitest";
import { connect } from "../../infra/brokers.ts";
import { parseEnvironment, parseSkill } from "../../skill/index.ts";
import { program } from "../mocks.ts";

const loaded: string[] = [];
for (const broker of ["rabbitmq", "kafka", "sqs"]) {
  vi.doMock(`../../components/${broker}/index.ts`, () => {
    loaded.push(broker);
    return { declareFlows: () => ({ apps: {}, summary: [] }) };
  });
}

const connected = (sections: object) =>
  program(() =>
    connect({
      stack: "local",
      skill: parseSkill({ name: "s", version: "2.0.0", apps: { a: {} }, ...sections }),
      environment: parseEnvironment({ brokers: "local" }),
      secrets: {},
      secret: "s",
    }),
  );

describe("a broker that the skill does not use", () => {
  it("is not even loaded", async () => {
    const { outputs } = await connected({ redis: { instances: { cache: { keys: { "a:*": ["a"] } } } } });
    expect(Object.entries(outputs!).flatMap(([name, broker]) => (broker ? [name] : []))).toEqual(["redis"]);
    expect(loaded).toEqual([]);
  });

  it("is known here by those that are loaded, when they are used", async () => {
    await connected({ kafka: { topics: { t: { producers: ["a"] } } } });
    expect(loaded).toEqual(["kafka"]);
  });
});
