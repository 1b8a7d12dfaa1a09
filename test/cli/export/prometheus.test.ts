import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { prometheusText, ruleGroups } from "../../../cli/export/prometheus/index.ts";
import { parseEnvironment, type Skill } from "../../../skill/index.ts";
import { arbitrarySkill } from "./arbitrary.ts";
import { skillOf, skills } from "./skills.ts";
import { syntaxErrors } from "./syntax.ts";

const rulesOf = (skill: Skill) => ruleGroups({ skill }).flatMap(({ rules }) => rules);

function problemsOf(skill: Skill): string[] {
  const rules = rulesOf(skill);
  const keys = rules.map(({ alert, labels }) => JSON.stringify([alert, labels]));
  return [
    ...rules.flatMap(({ expr }) => syntaxErrors(expr)),
    ...keys.filter((key, at) => keys.indexOf(key) !== at),
    ...rules.filter((rule) => rule.for !== undefined && !/^\d+[smhd]$/.test(rule.for)).map(({ alert }) => alert),
  ];
}

describe("Prometheus's rules", () => {
  it.each(skills)("of %s are of its grammar, and no two are the same", (_, skill) => {
    expect(problemsOf(skill)).toEqual([]);
    expect(parse(prometheusText({ skill }))).toEqual({ groups: ruleGroups({ skill }) });
  });

  it("of any good skill likewise", { timeout: 60_000 }, () => {
    fc.assert(
      fc.property(arbitrarySkill, (skill) => {
        expect(problemsOf(skill)).toEqual([]);
      }),
      { numRuns: 200 },
    );
  });

  it("are found wrong where they are", () => {
    expect(syntaxErrors('sum(a{b="c"} > 0')).toHaveLength(1);
  });

  it("watch everything that the example has", () => {
    const lines = rulesOf(skillOf("skill.yaml")).map(
      ({ alert, labels }) => `${labels.severity} ${alert} ${labels.flow ?? labels.broker}`,
    );
    expect(lines).toMatchInlineSnapshot(`
      [
        "warning MessagingDeadLetters rabbitmq/orders",
        "critical MessagingDeadLettersOld rabbitmq/orders",
        "critical MessagingNoConsumer rabbitmq/orders",
        "warning MessagingUnacknowledged rabbitmq/orders",
        "warning MessagingNearlyFull rabbitmq/orders",
        "warning MessagingRetryStuck rabbitmq/messaging.retry.1000ms",
        "warning MessagingRetryStuck rabbitmq/messaging.retry.2000ms",
        "critical MessagingPublishersBlocked rabbitmq",
        "critical MessagingMetricsMissing rabbitmq",
        "warning MessagingDeadLetters kafka/user-events/notification-service",
        "critical MessagingDeadLettersOld kafka/user-events/notification-service",
        "critical MessagingNoConsumer kafka/user-events/notification-service",
        "critical MessagingStandsStill kafka/user-events/notification-service",
        "warning MessagingLag kafka/user-events/notification-service",
        "warning MessagingUnderReplicated kafka/user-events",
        "critical MessagingNotEnoughReplicas kafka/user-events",
        "critical MessagingMetricsMissing kafka",
        "warning MessagingDeadLetters sqs/payments",
        "critical MessagingDeadLettersOld sqs/payments",
        "critical MessagingNoConsumer sqs/payments",
        "critical MessagingSoonDeleted sqs/payments",
        "critical MessagingMetricsMissing sqs",
        "warning MessagingNearlyFull redis/notifications",
        "critical MessagingWritesRefused redis/notifications",
        "critical MessagingEvicted redis/notifications",
        "critical MessagingNotOnDisk redis/notifications",
        "critical MessagingMetricsMissing redis/notifications",
        "warning MessagingDeadLetters redis/notifications/emails/mailer",
        "critical MessagingDeadLettersOld redis/notifications/emails/mailer",
        "critical MessagingStandsStill redis/notifications/emails/mailer",
        "warning MessagingLag redis/notifications/emails/mailer",
        "warning MessagingUnacknowledged redis/notifications/emails/mailer",
      ]
    `);
  });

  it("say what to do, and where that stands", () => {
    const [rule] = rulesOf(skillOf("skill.yaml"));
    expect(rule).toMatchInlineSnapshot(`
      {
        "alert": "MessagingDeadLetters",
        "annotations": {
          "description": "{{ $value }} in orders.dlq. They wait and nothing is lost: npx messaging dlq show rabbitmq/orders",
          "runbook_url": "docs/on-call.md#1-what-is-there-and-since-when",
          "summary": "rabbitmq/orders: dead letters",
        },
        "expr": "rabbitmq_detailed_queue_messages{vhost="orders",queue="orders.dlq"} > 0",
        "for": "2m",
        "labels": {
          "app": "fulfilment",
          "broker": "rabbitmq",
          "flow": "rabbitmq/orders",
          "severity": "warning",
        },
      }
    `);
  });

  it("of an environment are of its series alone", () => {
    const environment = { name: "prod", ...parseEnvironment({ brokers: "local" }) };
    const [group] = ruleGroups({ skill: skillOf("skill.yaml"), environment });
    expect(group!.name).toBe("messaging-prod-rabbitmq");
    expect(group!.rules[0]).toMatchObject({
      expr: 'rabbitmq_detailed_queue_messages{vhost="orders",queue="orders.dlq",environment="prod"} > 0',
      labels: { environment: "prod" },
    });
  });

  it("write braces of a name so that no template begins there", () => {
    const skill = skillOf("examples/minimal.yaml");
    const queue = Object.values(skillOf("skill.yaml").rabbitmq!.queues)[0]!;
    const rules = rulesOf({ ...skill, apps: {}, rabbitmq: { vhost: "v", exchanges: {}, queues: { "{{a}}": queue } } });
    expect(rules[0]!.labels.flow).toBe('rabbitmq/{{ "{{" }}a}}');
  });
});
