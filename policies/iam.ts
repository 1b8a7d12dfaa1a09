import { knownFields, list, text } from "./plain.ts";

/** One statement of an IAM policy. */
export type Statement = Record<string, unknown>;

/** The statements of a policy document; none of what is not known. */
export const statementsOf = (document: unknown): Statement[] => list(knownFields(document).Statement).map(knownFields);

/** Whether a statement is of anybody: `"*"`, alone or as an AWS principal, or everybody but some. */
export function isOfAnybody({ Principal: principal, NotPrincipal }: Statement): boolean {
  if (NotPrincipal !== undefined) return true;
  const named = typeof principal === "string" ? [principal] : Object.values(knownFields(principal)).flatMap(list);
  return named.includes("*");
}

/** Condition keys that hold a statement to somebody. */
const NARROWING = /^aws:(source(arn|account|orgid|orgpaths|vpce|vpc)|principal(arn|account|orgid|orgpaths)|userid)$/i;

/** Operators that a request without the key does not pass. */
const STRICT = /^(?:ForAnyValue:)?(?:StringEquals|StringEqualsIgnoreCase|StringLike|ArnEquals|ArnLike)$/i;

/** Whether a condition holds a statement to callers that it names. */
export function isNarrowed({ Condition }: Statement): boolean {
  return Object.entries(knownFields(Condition)).some(
    ([operator, keys]) =>
      STRICT.test(operator) &&
      Object.entries(knownFields(keys)).some(([key, value]) => NARROWING.test(key) && !list(value).includes("*")),
  );
}

/** Whether a document refuses everybody what does not come over TLS. */
export function deniesWithoutTls(document: unknown): boolean {
  return statementsOf(document).some(
    (statement) =>
      statement.Effect === "Deny" &&
      statement.NotPrincipal === undefined &&
      isOfAnybody(statement) &&
      list(statement.Action).some((action) => /^(sqs:)?\*$/i.test(text(action) ?? "")) &&
      isWithoutTls(knownFields(statement.Condition)),
  );
}

function isWithoutTls(condition: Record<string, unknown>): boolean {
  const keys = [condition.Bool, condition.BoolIfExists].flatMap((operator) => Object.entries(knownFields(operator)));
  return keys.some(
    ([key, value]) => key.toLowerCase() === "aws:securetransport" && list(value).map(String).includes("false"),
  );
}
