/** What a panel shows: an expression and its legend. */
export interface Shown {
  legend: string;
  expr: string;
  /** Drawn against the right axis, in seconds. */
  seconds?: boolean;
}

/** A panel before it has its place. */
export interface Drawn {
  title: string;
  description?: string;
  shown: Shown[];
  unit?: "short" | "bytes";
}

/** A row of the dashboard with what stands in it. */
export interface Row {
  title: string;
  panels: Drawn[];
}

/** The data source that the dashboard's variable names. */
// biome-ignore lint/suspicious/noTemplateCurlyInString: Grafana fills it in
export const DATASOURCE = { type: "prometheus", uid: "${datasource}" };
const ACROSS = 3;
const SIZE = { w: 24 / ACROSS, h: 7 };

/** The panels of these rows, three in a line, with the identifiers and places that Grafana asks for. A collapsed row holds its own. */
export function laidOut(rows: readonly Row[], collapsed: boolean): object[] {
  let id = 0;
  let y = 0;
  return rows.flatMap(({ title, panels }): object[] => {
    const row = { id: ++id, type: "row", title, collapsed, gridPos: { x: 0, y: y++, w: 24, h: 1 } };
    const placed = panels.map((drawn, at) => {
      const gridPos = { x: (at % ACROSS) * SIZE.w, y: y + Math.floor(at / ACROSS) * SIZE.h, ...SIZE };
      return timeseries(++id, drawn, gridPos);
    });
    if (!collapsed) y += Math.ceil(panels.length / ACROSS) * SIZE.h;
    return collapsed ? [{ ...row, panels: placed }] : [{ ...row, panels: [] }, ...placed];
  });
}

const timeseries = (id: number, { title, description, shown, unit = "short" }: Drawn, gridPos: object) => ({
  id,
  type: "timeseries",
  title,
  ...(description !== undefined && { description }),
  datasource: DATASOURCE,
  gridPos,
  fieldConfig: {
    defaults: { unit, min: 0, custom: { lineWidth: 1, fillOpacity: 10, showPoints: "never" } },
    overrides: shown.flatMap(({ legend, seconds }) => [
      ...(seconds
        ? [
            override(legend, [
              { id: "unit", value: "s" },
              { id: "custom.axisPlacement", value: "right" },
            ]),
          ]
        : []),
      ...(legend.startsWith("dead letters")
        ? [override(legend, [{ id: "color", value: { mode: "fixed", fixedColor: "red" } }])]
        : []),
    ]),
  },
  options: {
    legend: { displayMode: "list", placement: "bottom", showLegend: true },
    tooltip: { mode: "multi", sort: "desc" },
  },
  targets: shown.map(({ legend, expr }, at) => ({
    refId: refId(at),
    datasource: DATASOURCE,
    expr,
    legendFormat: legend,
    range: true,
    editorMode: "code",
  })),
});

const override = (legend: string, properties: object[]) => ({ matcher: { id: "byName", options: legend }, properties });

/** A, B, … Z, AA, AB, … */
const refId = (at: number): string =>
  (at >= 26 ? refId(Math.floor(at / 26) - 1) : "") + String.fromCharCode(65 + (at % 26));
