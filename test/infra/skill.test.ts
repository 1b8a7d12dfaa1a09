import { describe, expect, it } from "vitest";
import { onOneBroker } from "../../infra/skill.ts";
import { parseSkill } from "../../skill/index.ts";

const skillWith = (topic: object) =>
  parseSkill({
    name: "s",
    version: "2.0.0",
    apps: { a: {} },
    kafka: { topics: { t: { producers: ["a"], ...topic } } },
  });

describe("the skill of an environment with one broker of each kind", () => {
  it("has one replica a topic and none that must be in sync beside it", () => {
    const skill = onOneBroker(
      skillWith({ replicationFactor: 3, config: { "min.insync.replicas": "2", "cleanup.policy": "compact" } }),
    );
    expect(skill.kafka?.topics.t).toMatchObject({ replicationFactor: 1, config: { "cleanup.policy": "compact" } });
    expect(skill.kafka?.topics.t?.config).not.toHaveProperty("min.insync.replicas");
  });

  it("is otherwise the same", () => {
    const { kafka: _, ...rest } = skillWith({});
    expect(onOneBroker(rest)).toEqual(rest);
  });
});
