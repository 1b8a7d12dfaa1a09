import { environmentSecret } from "./environmentSecret.ts";
import type { Kind } from "./kind.ts";
import { consumerGroup } from "./redis/consumerGroup.ts";
import { settings } from "./redis/settings.ts";
import { user } from "./redis/user.ts";

/** Every resource type of the plugin by its token. */
export const kinds: Record<string, Kind> = {
  "messaging-extras:index:EnvironmentSecret": environmentSecret,
  "messaging-extras:redis:ConsumerGroup": consumerGroup,
  "messaging-extras:redis:Settings": settings,
  "messaging-extras:redis:User": user,
};
