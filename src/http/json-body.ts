/** Reads the bodies of requests: JSON in UTF-8, and nothing else. */
import { isUtf8 } from 'node:buffer';
import type { FastifyInstance } from 'fastify';

/** Other content types get 415. A route with a parser of its own is left alone. */
export function readJsonOnly(routes: FastifyInstance): void {
  const parseJson = routes.getDefaultJsonParser('error', 'error');
  routes.removeAllContentTypeParsers();
  routes.addHook('preParsing', (request, _reply, _payload, next) => {
    const isReadHere = request.server.hasContentTypeParser('application/json');
    next(isReadHere && !isInUtf8(request.headers['content-type']) ? new OtherCharset() : null);
  });
  routes.addContentTypeParser('application/json', { parseAs: 'buffer' }, (request, body, done) => {
    const text = body.toString('utf8');
    if (!isUtf8(body as Buffer)) {
      done(new NotUnicode(), undefined);
      return;
    }
    void parseJson(request, text, (error, json) => {
      // Half a surrogate pair can only come out of an escape.
      if (error === null && text.includes('\\u') && !isWellFormed(json)) done(new NotUnicode(), undefined);
      else done(error, json);
    });
  });
}

/** Whether a content type names no charset but UTF-8, and at most once: of two, readers may believe different ones. */
function isInUtf8(contentType = ''): boolean {
  const [, ...parameters] = contentType.split(';');
  const [charset, ...others] = parameters.filter((parameter) => /charset/i.test(parameter));
  return charset === undefined || (others.length === 0 && /^\s*charset=("?)utf-?8\1\s*$/i.test(charset));
}

class OtherCharset extends Error {
  readonly statusCode = 415;
  readonly code = 'OTHER_CHARSET';
}

class NotUnicode extends Error {
  readonly statusCode = 400;
  readonly code = 'NOT_UNICODE';
}

/** Whether every string in a JSON value has a UTF-8 form. Iterative, since a body may be nested 100,000 deep. */
function isWellFormed(json: unknown): boolean {
  const open: unknown[] = [json];
  while (open.length > 0) {
    const value = open.pop();
    if (typeof value === 'string' && !value.isWellFormed()) return false;
    if (typeof value === 'object' && value !== null) for (const entry of Object.entries(value)) open.push(...entry);
  }
  return true;
}
