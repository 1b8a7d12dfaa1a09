import { parser } from "@prometheus-io/lezer-promql";

/** Where Prometheus's own grammar does not understand an expression. */
export function syntaxErrors(expr: string): string[] {
  const found: string[] = [];
  parser.parse(expr).iterate({
    enter: ({ type, from }) => {
      if (type.isError) found.push(`${expr} at ${from}`);
    },
  });
  return found;
}
