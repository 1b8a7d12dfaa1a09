/** What `pulumi preview --json` prints, as far as it is read. */
export interface PrintedPlan<Step> {
  /** Absent where the preview failed before it planned anything. */
  steps?: Step[];
  /** What it said was wrong; empty where nothing was. */
  said: string;
}

/** Reads what `pulumi preview --json` printed, which is nothing of the kind where Pulumi itself failed. */
export function readPlan<Step>(stdout: string): PrintedPlan<Step> {
  const { steps, diagnostics = [] } = parsed<Step>(stdout);
  const errors = diagnostics.filter(({ severity }) => severity === "error");
  return {
    ...(steps && { steps }),
    said: errors
      .map(({ message }) => message)
      .join("")
      .trim(),
  };
}

interface Printed<Step> {
  steps?: Step[];
  diagnostics?: { severity: string; message: string }[];
}

function parsed<Step>(stdout: string): Printed<Step> {
  try {
    return JSON.parse(stdout) ?? {};
  } catch {
    return {};
  }
}
