/** What people are told of an error that ends a command. */
import { ConfigError } from '../config/config.js';
import { ServiceError } from '../errors.js';
import { ListenError } from '../http/listen-error.js';
import { DiskError } from '../media/copies.js';
import { BackupError } from '../store/backup.js';
import { StoreInUseError } from '../store/file-lock.js';
import { NewerStoreError, OlderStoreError } from '../store/migrations.js';
import { StoreNotOpenedError } from '../store/opening-error.js';
import { WorkerEndedError } from '../workers.js';
import { FoundBad, UsageError } from './shell.js';

/** What has a message for people, and needs no stack. */
const SELF_EXPLAINING = [
  BackupError,
  DiskError,
  FoundBad,
  ListenError,
  NewerStoreError,
  OlderStoreError,
  StoreInUseError,
  StoreNotOpenedError,
  UsageError,
  WorkerEndedError,
];

/** What happened and what to do, without a secret; null for what nobody thought of. */
export function messageOf(error: unknown): string | null {
  if (error instanceof ConfigError) {
    return `The configuration cannot be used:\n${error.problems.map((problem) => `  - ${problem}`).join('\n')}`;
  }
  if (error instanceof ServiceError && error.fieldErrors !== undefined) {
    return error.fieldErrors.map(({ path, message }) => `${path.join('.')}: ${message}`).join('\n');
  }
  return SELF_EXPLAINING.some((kind) => error instanceof kind) ? (error as Error).message : null;
}
