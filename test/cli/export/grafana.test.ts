import { describe, expect, it } from "vitest";
import { grafanaDashboard } from "../../../cli/export/grafana/index.ts";
import { skillOf, skills } from "./skills.ts";
import { syntaxErrors } from "./syntax.ts";

interface Panel {
  id: number;
  type: string;
  title: string;
  gridPos: { x: number; y: number; w: number; h: number };
  panels?: Panel[];
  targets?: { refId: string; expr: string }[];
}

const panelsOf = (panels: Panel[]): Panel[] => panels.flatMap((panel) => [panel, ...panelsOf(panel.panels ?? [])]);
const cells = ({ gridPos: { x, y, w, h } }: Panel) =>
  Array.from({ length: w * h }, (_, at) => `${x + (at % w)},${y + Math.floor(at / w)}`);

describe("the Grafana dashboard", () => {
  it.each(skills)(
    "of %s has panels side by side, each with its id and expressions that Prometheus reads",
    (_, skill) => {
      const dashboard = grafanaDashboard({ skill });
      const all = panelsOf(dashboard.panels as Panel[]);
      const ids = all.map(({ id }) => id);
      expect(new Set(ids).size).toBe(ids.length);
      expect(all.flatMap(({ targets = [] }) => targets.flatMap(({ expr }) => syntaxErrors(expr)))).toEqual([]);
      for (const level of [dashboard.panels as Panel[], ...all.map(({ panels }) => panels ?? [])]) {
        const taken = level.flatMap(cells);
        expect(new Set(taken).size).toBe(taken.length);
      }
      expect(dashboard.uid.length).toBeLessThanOrEqual(40);
    },
  );

  it("has a row a broker and a panel a flow", () => {
    const { panels, uid } = grafanaDashboard({ skill: skillOf("skill.yaml") });
    expect(uid).toBe("messaging-98ba185a");
    expect((panels as Panel[]).map(({ type, title }) => `${type} ${title}`)).toMatchInlineSnapshot(`
      [
        "row RabbitMQ, vhost orders",
        "timeseries rabbitmq/orders",
        "row Kafka",
        "timeseries kafka/user-events",
        "timeseries Partitions that a replica is behind of",
        "row Amazon SQS",
        "timeseries sqs/payments",
        "row Redis notifications",
        "timeseries redis/notifications, memory",
        "timeseries redis/notifications, lost room",
        "timeseries redis/notifications/emails",
      ]
    `);
  });
});
