import { fields, knownFields, text, UNKNOWN } from "./plain.ts";
import type { Seen } from "./seen.ts";

/** Whether a resource is an SQS queue. */
export const isQueue = ({ type }: Seen): boolean => type === "aws:sqs/queue:Queue";

/** A JSON document's fields, or nothing known of them yet. */
type Document = ReturnType<typeof fields>;

/** The resources of one kind, such as `redrivePolicy`, that belong to a queue. */
export function attachedTo(queue: Seen, kind: string, resources: Seen[]): Seen[] {
  const type = `aws:sqs/${kind}:${kind.charAt(0).toUpperCase()}${kind.slice(1)}`;
  return resources.filter(
    (other) => other.type === type && (other.from("queueUrl").includes(queue) || isUrlOf(other.props.queueUrl, queue)),
  );
}

/**
 * What is said of a queue by an attribute of its own or by resources of that kind: documents, where they are known.
 * `redrivePolicy`, `redriveAllowPolicy`, `policy`.
 */
export function documentsOf(queue: Seen, attribute: string, resources: Seen[]): Document[] {
  const kind = attribute === "policy" ? "queuePolicy" : attribute;
  const inline = queue.props[attribute];
  // Before an `up` an attribute that was not given looks like one that is not known: only the latter is computed from something.
  const isGiven = text(inline) !== undefined || queue.computed.includes(attribute);
  const own: Document[] = isGiven ? [fields(inline)] : [];
  const apart: Document[] = attachedTo(queue, kind, resources).map(({ props }) => fields(props[attribute]));
  return [...own, ...apart].filter(isSaid);
}

const isSaid = (document: Document) => document === UNKNOWN || Object.keys(document).length > 0;

/** The queues declared here that get the dead letters of a queue. */
export function deadLetterQueuesOf(queue: Seen, resources: Seen[]): Seen[] {
  const sources = [queue, ...attachedTo(queue, "redrivePolicy", resources)];
  const arns = documentsOf(queue, "redrivePolicy", resources).map((document) =>
    document === UNKNOWN ? undefined : text(document.deadLetterTargetArn),
  );
  return resources.filter(
    (other) =>
      isQueue(other) &&
      other !== queue &&
      (sources.some((source) => source.from("redrivePolicy").includes(other)) ||
        arns.some((arn) => isArnOf(arn, other))),
  );
}

/** Properties of other services by which they name the queue for what they give up. */
const DEAD_LETTER_PROPERTIES = ["redrivePolicy", "redriveAllowPolicy", "deadLetterConfig", "deadLetterTargetArn"];

/** Whether something here sends its dead letters to a queue, or may. */
export function takesDeadLetters(queue: Seen, resources: Seen[]): boolean {
  if (documentsOf(queue, "redriveAllowPolicy", resources).length > 0) return true;
  return resources.some(
    (other) =>
      other !== queue &&
      DEAD_LETTER_PROPERTIES.some((property) => {
        const { deadLetterTargetArn, targetArn } = knownFields(other.props[property]);
        return (
          (property !== "redriveAllowPolicy" && other.from(property).includes(queue)) ||
          [deadLetterTargetArn, targetArn].some((arn) => isArnOf(arn, queue))
        );
      }),
  );
}

function isArnOf(arn: unknown, { props }: Seen): boolean {
  if (typeof arn !== "string") return false;
  return arn === props.arn || (arn.startsWith("arn:") && arn.split(":").at(-1) === props.name);
}

function isUrlOf(url: unknown, { props }: Seen): boolean {
  if (typeof url !== "string" || url === "") return false;
  return url === props.url || url === props.id || url.split("/").at(-1) === props.name;
}
