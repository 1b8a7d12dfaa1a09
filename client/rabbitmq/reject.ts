import type { Channel } from "rabbitmq-client";

interface Internals {
  _invokeNowait(methodId: number, params: { deliveryTag: number; requeue: boolean }): void;
}

// basic.reject of AMQP 0-9-1: class 60, method 90, as the library numbers them.
const BASIC_REJECT = 60 * 65_536 + 90;

/**
 * Rejects a message so that its queue delivers it again after its own delay. It must be basic.reject: from RabbitMQ 4.3 on,
 * basic.nack, the only one that the library offers, neither counts as a delivery nor delays.
 */
export const rejectToRetry = (channel: Channel, deliveryTag: number): void =>
  (channel as unknown as Internals)._invokeNowait(BASIC_REJECT, { deliveryTag, requeue: true });
