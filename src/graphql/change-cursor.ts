/** A place among all changes, as callers see it: a text that only this server reads. */
import { notACursor } from '../messaging/change.js';
import type { ChangeCursor } from '../messaging/ports.js';

/** `commit:send`, and where a look saw more than that: `~before~except.except`. */
const CURSOR = /^(\d{1,16}):(\w{0,64})(?:~(\d{1,16})~([\d.]{0,20000}))?$/;

export function encodeChangeCursor({ commit, sendId, ahead }: ChangeCursor): string {
  const more = ahead === null ? '' : `~${ahead.before}~${ahead.except.join('.')}`;
  return Buffer.from(`${commit}:${sendId}${more}`).toString('base64url');
}

/** @throws ServiceError BAD_USER_INPUT for anything that `encodeChangeCursor` did not write. */
export function decodeChangeCursor(argument: string, text: string): ChangeCursor {
  const [, commit = '', sendId = '', before, except = ''] =
    CURSOR.exec(Buffer.from(text, 'base64url').toString('latin1')) ?? [];
  const numbers = except === '' ? [] : except.split('.').map(Number);
  const ahead = before === undefined ? null : { before: Number(before), except: numbers };
  const cursor = { commit: Number(commit), sendId, ahead };
  const isSafe = [cursor.commit, ahead?.before ?? 0, ...numbers].every(Number.isSafeInteger);
  if (commit === '' || !isSafe || encodeChangeCursor(cursor) !== text) {
    throw notACursor(argument);
  }
  return cursor;
}
