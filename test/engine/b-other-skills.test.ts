import { describe, expect, it } from "vitest";
import { makeClone, npm, plannedSteps, pulumi, removeClone } from "./clone.ts";
import { must } from "./command.ts";

async function things(environment: string) {
  const names = async (kind: string[], format: string) => {
    const listed = await must("docker", [...kind, "--filter", `name=messaging-${environment}-`, "--format", format]);
    return listed.split("\n").filter(Boolean).sort();
  };
  return { containers: await names(["ps", "-a"], "{{.Names}}"), volumes: await names(["volume", "ls"], "{{.Name}}") };
}

async function withSkill(
  environment: string,
  example: string,
  firstPort: number,
  body: (clone: Awaited<ReturnType<typeof makeClone>>) => Promise<void>,
) {
  const clone = await makeClone(environment, firstPort, `examples/${example}`);
  try {
    const started = await npm(clone, "start");
    expect(started.code, started.output).toBe(0);
    console.log(`${example}: npm start ${(started.milliseconds / 1000).toFixed(1)} s`);
    await body(clone);
  } finally {
    const down = await npm(clone, "run", "down", "--", "--discard-messages");
    expect(down.code, down.output).toBe(0);
    expect(await things(environment)).toEqual({ containers: [], volumes: [] });
    removeClone(clone);
  }
}

describe("another skill in place of the example", () => {
  it("with one Redis instance starts no other broker", async () => {
    await withSkill("single", "minimal.yaml", 27670, async (clone) => {
      const { containers } = await things(clone.environment);
      expect(containers).toHaveLength(1);
      expect(containers[0]).toContain("redis");
    });
  });

  it("with 50 queues and 20 topics works, and a second preview finds nothing to do", async () => {
    await withSkill("large", "large.yaml", 28670, async (clone) => {
      const queues = await must("docker", [
        "exec",
        `messaging-${clone.environment}-rabbitmq`,
        "rabbitmqctl",
        "-q",
        "list_queues",
        "-p",
        "large",
        "name",
        "--no-table-headers",
      ]).catch(() => "");
      expect(
        queues.split("\n").filter((name) => name && !name.endsWith(".dlq") && !name.startsWith("messaging.retry."))
          .length,
      ).toBe(50);
      expect(await plannedSteps(clone)).toEqual([]);
      const again = await npm(clone, "start");
      expect(again.code, again.output).toBe(0);
      console.log(`large.yaml: second npm start ${(again.milliseconds / 1000).toFixed(1)} s`);
      expect((await pulumi(clone, "refresh", "--preview-only", "--expect-no-changes")).code).toBe(0);
    });
  });
});
