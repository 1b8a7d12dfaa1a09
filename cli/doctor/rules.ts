import type { Access } from "./declared.ts";
import type { Finding } from "./finding.ts";

/** Settings by which messages are lost, refused or late. */
export interface Rule {
  trouble: Finding["trouble"];
  of: string[];
  /** What holds where nothing is said. */
  otherwise?: string;
  /** What of it is wrong; false where nothing is. */
  wrong(found: string, expected: string, property: string): string | false;
  cause: string;
  /** What is to be done when it is put back. Default: {@link AGAIN}. */
  after?: string;
  /** How it is put right where nothing puts it back. */
  fix?(name: string, found: string, access: Access): string;
}

export const AGAIN = "What was deleted or refused must be sent again.";
export const CRASHED = "What a crash lost meanwhile must be sent again.";
export const NOTHING_LOST = "Nothing is lost meanwhile.";

/** -1 is without a limit. */
export const size = (value: string): number => (value === "-1" ? Number.POSITIVE_INFINITY : Number(value));
export const differs = (found: string, expected: string, property: string): string =>
  `${property} is ${found}, not ${expected || "nothing"}`;
export const where =
  (isWorse: (found: string, expected: string) => boolean): Rule["wrong"] =>
  (found, expected, property) =>
    isWorse(found, expected) && differs(found, expected, property);
export const lower = where((found, expected) => size(found) < size(expected));
export const higher = where((found, expected) => size(found) > size(expected));
