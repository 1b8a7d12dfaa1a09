/** A list that AWS may write as one thing where it has one. */
const list = <T>(value: T | T[] | undefined): T[] => (value === undefined ? [] : ([value].flat() as T[]));

/** By names and not by ARNs, as outputs have no more. */
const redriveOf = (policy: string) => {
  const { deadLetterTargetArn = "", maxReceiveCount } = JSON.parse(policy);
  return { target: deadLetterTargetArn.split(":").at(-1), most: Number(maxReceiveCount) };
};

/** What of a redrive policy is wrong. That there is none at all has a finding of its own. */
const ofRedrive =
  (wrong: (now: ReturnType<typeof redriveOf>, own: ReturnType<typeof redriveOf>) => (string | false)[]) =>
  (found: string, expected: string): string | false => {
    if (found === "" || expected === "") return false;
    const said = wrong(redriveOf(found), redriveOf(expected)).filter(Boolean);
    return said.length > 0 && said.join(", and ");
  };

export const redrivesElsewhere = ofRedrive((now, own) => [
  now.target !== own.target && `what fails goes to ${now.target}, not to ${own.target}`,
  now.most < own.most && `it is given up after ${now.most} of ${own.most} deliveries`,
]);

export const redrivesLate = ofRedrive((now, own) => [
  now.most > own.most && `what fails is given up only after ${now.most} deliveries, not ${own.most}`,
]);

/** Where nothing is said, every queue may. */
export function takesNoneFrom(found: string, expected: string): string | false {
  const { redrivePermission, sourceQueueArns } = JSON.parse(found || "{}");
  if (redrivePermission === undefined || redrivePermission === "allowAll") return false;
  const sources = redrivePermission === "byQueue" ? list<string>(sourceQueueArns) : [];
  const without = list<string>(JSON.parse(expected || "{}").sourceQueueArns).filter((arn) => !sources.includes(arn));
  return (
    without.length > 0 && `it takes no dead letters from ${without.map((arn) => arn.split(":").at(-1)).join(", ")}`
  );
}

/** What ours allows and the other does not, or what the other denies; that it allows more stops nobody. */
export function deniesOurs(found: string, expected: string): string | false {
  if (found === "") return "it has no policy";
  const [now, own] = [found, expected].map((policy) => {
    const statements = list<{ Sid?: string; Effect?: string }>(JSON.parse(policy || "{}").Statement);
    return new Map(statements.map((statement) => [JSON.stringify(statement), statement]));
  });
  const beyond = (one: typeof now, other: typeof now, effect: string) =>
    [...one!]
      .filter(([text, { Effect }]) => Effect === effect && !other!.has(text))
      .map(([, { Sid }]) => Sid ?? "a statement without a Sid");
  const [lost, denied] = [beyond(own, now, "Allow"), beyond(now, own, "Deny")];
  const said = [
    lost.length > 0 && `its policy has no ${lost.join(", ")} of ours`,
    denied.length > 0 && `its policy denies by ${denied.join(", ")}`,
  ].filter(Boolean);
  return said.length > 0 && said.join(", and ");
}
