/**
 * RabbitMQ counts every delivery that came back unanswered, whether its consumer died or a node took the channel with it, and nobody
 * can tell the two apart. So many more than `maxAttempts` may go unanswered before a message ends without its last attempt.
 */
export const LOST_DELIVERIES = 2;

/** `1 delivery`, `3 deliveries`. */
export const deliveries = (count: number): string => (count === 1 ? "1 delivery" : `${count} deliveries`);
