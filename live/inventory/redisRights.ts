/** The server's answer to ACL GETUSER: names and values in turn. */
type Answer = unknown[];

/**
 * What a user may do, in one line and always in the same words: flags, commands, keys and channels of the root permission,
 * then every selector, in order. Passwords are left out.
 */
export function effectiveRights(answer: Answer): string {
  const root = fields(answer);
  const flags = (root.flags as string[]).filter((flag) => flag !== "sanitize-payload").sort();
  const selectors = ((root.selectors as Answer[] | undefined) ?? []).map(
    (selector) => `(${permission(fields(selector))})`,
  );
  return [...flags, permission(root), ...selectors.sort()].join(" ");
}

/** The SHA-256 of each of the user's passwords. */
export function passwordHashes(answer: Answer): string[] {
  return [...(fields(answer).passwords as string[])].sort();
}

function permission({ commands, keys, channels }: Record<string, unknown>): string {
  return [commands, keys, channels].filter((part) => part !== "").join(" ");
}

function fields(answer: Answer): Record<string, unknown> {
  const pairs: Record<string, unknown> = {};
  for (let at = 0; at < answer.length; at += 2) pairs[String(answer[at])] = answer[at + 1];
  return pairs;
}
