import { isLoopback } from "../local.ts";
import { isTrue, knownFields, list, text, UNKNOWN } from "../plain.ts";
import { resourceRule } from "../rule.ts";
import { calledOf, type Seen } from "../seen.ts";

/** What runs here is not for others: Docker publishes on every interface, around most firewalls, unless it is told otherwise. */
export const noPublicPort = resourceRule({
  name: "no-public-port",
  description: "A container publishes its ports on 127.0.0.1 or ::1 only.",
  severity: "critical",
  remedy:
    'Set ip: "127.0.0.1" on each of its ports. A container that is to be reached by others goes into the rule\'s `except`.',
  check: (resource) => CHECKS[resource.type]?.(resource) ?? [],
});

const CHECKS: Record<string, (resource: Seen) => string[]> = {
  "docker:index/container:Container": (container) => {
    const { ports, publishAllPorts, networkMode } = container.props;
    const name = `container ${calledOf(container)}`;
    return [
      ...list(ports).flatMap((port) => {
        const { ip, internal } = knownFields(port);
        if (ip === UNKNOWN || port === UNKNOWN || isLoopback(text(ip) ?? ANY)) return [];
        return [
          `${name}: must publish port ${String(internal)} on 127.0.0.1, got ${text(ip) ?? `no ip, which is ${ANY}`}`,
        ];
      }),
      ...(isTrue(publishAllPorts) ? [`${name}: must publish its ports on 127.0.0.1, got publishAllPorts`] : []),
      ...(networkMode === "host" ? [`${name}: must publish its ports on 127.0.0.1, got network mode host`] : []),
    ];
  },
  "docker:index/service:Service": (service) =>
    list(knownFields(service.props.endpointSpec).ports)
      .map(knownFields)
      .map(
        ({ publishedPort, targetPort }) =>
          `service ${calledOf(service)}: must publish no port, got ${String(publishedPort ?? targetPort)}: a service's are on every interface`,
      ),
};

const ANY = "0.0.0.0";
