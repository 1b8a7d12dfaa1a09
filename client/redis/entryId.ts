const LARGEST_SEQUENCE = 2n ** 64n - 1n;

/** Milliseconds and number of an entry's id. */
function partsOf(id: string): [bigint, bigint] {
  const [milliseconds, sequence = "0"] = id.split("-");
  return [BigInt(milliseconds!), BigInt(sequence)];
}

/** Negative where `a` is the earlier entry. */
export function compareIds(a: string, b: string): number {
  const [x, y] = [partsOf(a), partsOf(b)];
  const difference = x[0] === y[0] ? x[1] - y[1] : x[0] - y[0];
  return difference < 0n ? -1 : difference > 0n ? 1 : 0;
}

/** The smallest id after this one. */
export function nextId(id: string): string {
  const [milliseconds, sequence] = partsOf(id);
  return sequence === LARGEST_SEQUENCE ? `${milliseconds + 1n}-0` : `${milliseconds}-${sequence + 1n}`;
}

/** When an entry was added, by the server's clock. */
export const timeOf = (id: string): Date => new Date(Number(partsOf(id)[0]));
