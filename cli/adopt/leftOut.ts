/** Something on a broker that the adopted skill does not have, and why. */
export interface LeftOut {
  /** As people name it: `rabbitmq queue orders`. */
  what: string;
  reason: string;
}

/** The part of a skill that one broker's things become. */
export interface Adopted<Section = Record<string, unknown>> {
  section: Section;
  leftOut: LeftOut[];
}

/** Things in two: those that become part of the skill and those that cannot, by the reason that a check gives. */
export function sorted<T>(
  things: readonly T[],
  what: (thing: T) => string,
  reason: (thing: T) => string | undefined,
): { kept: T[]; leftOut: LeftOut[] } {
  const judged = things.map((thing) => ({ thing, reason: reason(thing) }));
  return {
    kept: judged.filter((each) => each.reason === undefined).map(({ thing }) => thing),
    leftOut: judged.flatMap(({ thing, reason: why }) =>
      why === undefined ? [] : [{ what: what(thing), reason: why }],
    ),
  };
}

/** Users and what they may do: an app's password is derived from the environment's secret, and what a user has now cannot be known. */
export const OTHER_PASSWORD =
  "an app of a skill gets a password of its own: add an app of another name, move its clients to it, then remove this";

/** What is said of rights and quotas. */
export const OF_A_USER = "it is of a user, and no user is adopted";
