/** What other programs may import: the server, the schema alone, and their configuration. */
export { createApp, type App } from './app.js';
export { ConfigError, readConfig, type Config, type Environment } from './config/config.js';
export type { AppOptions } from './parts.js';
export {
  ERRORS,
  FIELD_ERRORS,
  type ErrorCode,
  type FailedOutcome,
  type FieldError,
  type FieldErrorCode,
} from './errors.js';
export type { RequestContext } from './graphql/context.js';
export { createMessagingSchema, type MessagingSchema, type RequestFacts } from './messaging-schema.js';
