export { effectiveRights, passwordHashes } from "../../live/inventory/redisRights.ts";
