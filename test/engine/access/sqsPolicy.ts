/** A request as a queue's policy sees it. */
export interface SqsRequest {
  /** The caller's ARN; absent: nobody who signed. */
  principal?: string;
  /** Such as `sqs:SendMessage`. */
  action: string;
  /** The queue's ARN. */
  resource: string;
  tls: boolean;
}

interface Statement {
  Sid?: string;
  Effect: "Allow" | "Deny";
  Principal: "*" | Record<string, string | string[]>;
  Action: string | string[];
  Resource: string | string[];
  Condition?: Record<string, Record<string, string | string[]>>;
}

const KNOWN = ["Sid", "Effect", "Principal", "Action", "Resource", "Condition"];

/**
 * What AWS would answer by the queue's policy alone: an explicit Deny, else an Allow, else no. It stands for AWS, as no emulator enforces
 * or simulates a queue's policy; whatever it does not know is an error, so that nothing is passed over.
 */
export function decide(policy: string, request: SqsRequest): "allowed" | "denied" {
  const { Version, Statement: statements } = JSON.parse(policy) as { Version: string; Statement: Statement[] };
  if (Version !== "2012-10-17") throw new Error(`version ${Version} of the policy language`);
  const applying = statements.filter((statement) => applies(statement, request));
  if (applying.some(({ Effect }) => Effect === "Deny")) return "denied";
  return applying.some(({ Effect }) => Effect === "Allow") ? "allowed" : "denied";
}

function applies(statement: Statement, { principal, action, resource, tls }: SqsRequest): boolean {
  const strange = Object.keys(statement).filter((name) => !KNOWN.includes(name));
  if (strange.length > 0) throw new Error(`statement with ${strange.join()}`);
  return (
    isPrincipal(statement.Principal, principal) &&
    // IAM compares actions without regard to case, ARNs with it.
    list(statement.Action).some((pattern) => like(pattern.toLowerCase(), action.toLowerCase())) &&
    list(statement.Resource).some((pattern) => like(pattern, resource)) &&
    Object.entries(statement.Condition ?? {}).every(([operator, keys]) => holds(operator, keys, tls))
  );
}

function isPrincipal(said: Statement["Principal"], caller: string | undefined): boolean {
  if (said === "*") return true;
  const strange = Object.keys(said).filter((kind) => kind !== "AWS");
  if (strange.length > 0) throw new Error(`principal of kind ${strange.join()}`);
  return list(said.AWS).some((one) => {
    if (one === "*") return true;
    if (caller === undefined) return false;
    // An account's root stands for all of the account that its own policies let through; a role for its sessions.
    if (/^(\d{12}|arn:[\w-]+:iam::\d{12}:root)$/.test(one))
      throw new Error(`principal ${one}, which is a whole account`);
    return one === caller || one === roleOf(caller);
  });
}

/** The role of `arn:aws:sts::<account>:assumed-role/<role>/<session>`. */
function roleOf(session: string): string | undefined {
  const [, partition, account, role] = /^arn:([\w-]+):sts::(\d+):assumed-role\/([^/]+)\/[^/]+$/.exec(session) ?? [];
  return role && `arn:${partition}:iam::${account}:role/${role}`;
}

function holds(operator: string, keys: Record<string, string | string[]>, tls: boolean): boolean {
  if (operator !== "Bool") throw new Error(`condition ${operator}`);
  return Object.entries(keys).every(([key, values]) => {
    if (key.toLowerCase() !== "aws:securetransport") throw new Error(`condition on ${key}`);
    return list(values).includes(String(tls));
  });
}

const list = (value: string | string[] | undefined): string[] => (Array.isArray(value) ? value : value ? [value] : []);

/** `*` is any text, `?` one character. */
function like(pattern: string, text: string): boolean {
  if (pattern === "") return text === "";
  if (pattern[0] === "*") return like(pattern.slice(1), text) || (text !== "" && like(pattern, text.slice(1)));
  return text !== "" && (pattern[0] === "?" || pattern[0] === text[0]) && like(pattern.slice(1), text.slice(1));
}
