export type { AppAccess } from "./access.ts";
export { type Client, connect } from "./client.ts";
export { HEADERS, type Headers } from "./headers.ts";
export {
  AccessError,
  ConnectionError,
  type ConsumeOptions,
  type Consumer,
  type Delivery,
  type Handler,
  type Message,
  OutdatedAccessError,
  RefusedError,
} from "./message.ts";
