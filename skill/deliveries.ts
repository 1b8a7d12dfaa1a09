/**
 * RabbitMQ counts every delivery that came back unanswered, whether its consumer died or a node took the channel with it, and nobody
 * can tell the two apart. So many more than `maxAttempts` may go unanswered before a message ends without its last attempt.
 */
export const LOST_DELIVERIES = 2;

/**
 * By default RabbitMQ 4 drops a message after 20 returns: a loss in a queue that has nowhere to pass it on to, so this is the delivery
 * limit there. -1 would be no limit, but RabbitMQ promises that for a queue's argument only, not for a policy, and 3.x reads it as 0.
 */
export const UNLIMITED_DELIVERIES = 1_000_000_000;

/** `1 delivery`, `3 deliveries`. */
export const deliveries = (count: number): string => (count === 1 ? "1 delivery" : `${count} deliveries`);
