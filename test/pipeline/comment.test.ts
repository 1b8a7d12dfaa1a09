import { describe, expect, it } from "vitest";
import { commentOn, commentOnSkill, isRefused } from "../../pipeline/comment.ts";
import { LONGEST } from "../../pipeline/markdown.ts";
import { planOf } from "../../pipeline/plan.ts";

const urn = (types: string, name: string) => `urn:pulumi:dev::messaging::${types}::${name}`;
const QUEUE = urn("messaging:index:Messaging$messaging:rabbitmq:DurableQueue", "orders");

const step = (op: string, types: string, name: string, parent = "", detailedDiff = {}) => ({
  resourcePreEvent: {
    metadata: { op, urn: urn(types, name), type: types.split("$").pop(), new: { parent }, detailedDiff },
  },
});
const component = (op: string, type: string, name: string) => step(op, `messaging:index:Messaging$${type}`, name);
const said = (message: string, severity = "error") => ({ diagnosticEvent: { message, severity } });
const plan = (events: object[], code = 0, stderr = "") =>
  planOf({ code, stdout: events.map((event) => JSON.stringify(event)).join("\n"), stderr });

const TYPES = "messaging:index:Messaging$messaging:rabbitmq:DurableQueue$rabbitmq:index";

describe("the comment of a preview", () => {
  it("says by broker and name what changes, and each resource in its details", () => {
    const found = plan([
      step("same", `${TYPES}/queue:Queue`, "other", QUEUE),
      step("update", `${TYPES}/policy:Policy`, "orders", QUEUE, { "definition.definition.max-length": {} }),
      component("create", "messaging:kafka:PartitionedTopic", "events"),
      component("delete", "messaging:sqs:FifoQueue", "payments"),
      step("replace", "kafka:index/quota:Quota", "shop", "", { consumerByteRate: {} }),
      step("update", "pulumi:providers:kafka", "kafka"),
      said("a word of the program", "info"),
    ]);
    expect(isRefused(0, found)).toBe(false);
    expect(commentOn("dev", 0, found)).toMatchInlineSnapshot(`
      "<!-- messaging preview: dev -->

      ### dev: 1 created, 1 updated, 1 replaced, 1 deleted

      | broker | kind | name | what becomes of it |
      | --- | --- | --- | --- |
      | kafka | quota | **shop** | **replaced** |
      | kafka | topic | **events** | created |
      | rabbitmq | queue | **orders** | updated: policy |
      | sqs | queue | **payments** | **deleted** |

      <details><summary>every resource</summary>

      | resource | name | step | properties |
      | --- | --- | --- | --- |
      | kafka quota | shop | **replaced** | consumerByteRate |
      | rabbitmq policy | orders | updated | definition.definition.max-length |

      </details>"
    `);
  });

  it("has nothing to show where nothing changes", () => {
    expect(commentOn("dev", 0, plan([]))).toBe("<!-- messaging preview: dev -->\n\n### dev: nothing to change");
  });

  it("has the gate's refusal whole, once, without the engine's words", () => {
    const refusal =
      "rabbitmq/orders holds 2 messages (2 ready): deleting it would lose them.\n  Keep it in the skill until it is empty.";
    const message = `Preview failed: before hook "data-loss gate" failed: ${refusal}\n`;
    const found = plan([said(message), said(message), said("preview failed\n")], 255);
    expect(found).toMatchObject({ refusals: [refusal], errors: [] });
    expect(commentOn("prod", 255, found)).toBe(
      `<!-- messaging preview: prod -->\n\n### prod: refused\n\nThe gate refuses it, so that no message is lost. Nothing was changed.\n\n\`\`\`\n${refusal}\n\`\`\``,
    );
  });

  it("refuses for a mandatory policy, and tells of an advisory one", () => {
    const violation = (enforcementLevel: string) => ({
      policyEvent: {
        resourceUrn: QUEUE,
        message: "must have | a dead-letter exchange",
        policyName: "rabbitmq-dead-letters",
        enforcementLevel,
      },
    });
    expect(isRefused(0, plan([violation("advisory")]))).toBe(false);
    expect(isRefused(0, plan([violation("mandatory")]))).toBe(true);
    expect(commentOn("dev", 0, plan([violation("advisory")]))).toContain(
      "| rabbitmq-dead-letters | advisory | orders | must have &#124; a dead-letter exchange |",
    );
  });

  it("says what is let go on purpose", () => {
    const config = { "messaging:allowDataLoss": '["rabbitmq/orders"]' };
    expect(commentOn("dev", 0, plan([{ preludeEvent: { config } }]))).toContain(
      "Messages are let go on purpose, by `messaging:allowDataLoss`:\n\n- rabbitmq/orders",
    );
  });

  it("tells what Pulumi said where it has no events, and never calls that good", () => {
    const found = plan([], 255, "error: no stack named 'dev' found\n");
    expect(isRefused(255, found)).toBe(true);
    expect(commentOn("dev", 255, found)).toContain("It does not work.\n\n```\nerror: no stack named 'dev' found\n```");
  });

  it("of a thousand queues is no longer than a comment may be, and keeps what is refused", () => {
    const names = Array.from({ length: 1000 }, (_, at) => `queue-${at}-${"x".repeat(60)}`);
    const found = plan(
      [
        ...names.map((name) => component("create", "messaging:rabbitmq:DurableQueue", name)),
        said('before hook "change gate" failed: kafka/events: must keep its partitions'),
      ],
      255,
    );
    const text = commentOn("dev", 255, found);
    expect(text.length).toBeLessThanOrEqual(LONGEST);
    expect(text).toContain("kafka/events: must keep its partitions");
    expect(text).toContain("*Cut: ");
  });

  it("has every problem of a skill that is not valid", () => {
    expect(commentOnSkill("dev", "apps: must be a map, got 1\nname: must be text, got 2\n")).toContain(
      "### dev: refused, the skill is not valid\n\n```\napps: must be a map, got 1\nname: must be text, got 2\n```",
    );
  });
});
