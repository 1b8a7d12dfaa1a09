import { flowsOf } from "../flow.ts";
import { seriesOf } from "../promql.ts";
import type { Source } from "../source.ts";
import { shortHash } from "../text.ts";
import { DATASOURCE, laidOut } from "./panel.ts";
import { rowsOf } from "./rows.ts";

/** More flows than these and the rows are closed at first. */
const MOST_FLOWS = 12;

/** The version of Grafana's dashboard model that is written here, of Grafana 10.4; later ones read it. */
const SCHEMA_VERSION = 39;

/** A Grafana dashboard of a skill. */
export function grafanaDashboard({ skill, environment }: Source) {
  const flows = flowsOf(skill, { rabbitmqVersion: environment?.rabbitmq?.version });
  const named = [skill.name, environment?.name].filter((part) => part !== undefined);
  return {
    // The same for the same skill and environment, so that a newer dashboard replaces the older; Grafana takes 40 characters.
    uid: `messaging-${shortHash(JSON.stringify(named))}`,
    title: `Messaging: ${named.join(", ")}`,
    description: "Generated from the skill by messaging export --grafana. Do not edit.",
    tags: [...new Set(["messaging", ...named])],
    schemaVersion: SCHEMA_VERSION,
    version: 1,
    editable: false,
    graphTooltip: 1,
    time: { from: "now-6h", to: "now" },
    refresh: "1m",
    timezone: "",
    templating: {
      list: [
        {
          name: "datasource",
          label: "Prometheus",
          type: "datasource",
          query: "prometheus",
          hide: 0,
          multi: false,
          includeAll: false,
          refresh: 1,
          options: [],
          current: {},
        },
      ],
    },
    annotations: {
      list: [
        {
          name: "Alerts",
          datasource: DATASOURCE,
          enable: true,
          iconColor: "red",
          expr: `ALERTS{alertname=~"Messaging.*",alertstate="firing"${environment ? `,environment=${JSON.stringify(environment.name)}` : ""}}`,
          titleFormat: "{{alertname}}",
          textFormat: "{{flow}}",
        },
      ],
    },
    links: [],
    panels: laidOut(rowsOf(skill, flows, seriesOf(environment?.name)), flows.length > MOST_FLOWS),
  };
}

/** The dashboard as Grafana imports it. */
export const grafanaText = (source: Source): string => `${JSON.stringify(grafanaDashboard(source), null, 2)}\n`;
