/** How a failure and the body of an answer are described in a few words. */
import { failureOf, isHtml } from '../../src/catapult/problem.js';

describe('a failure', () => {
  const of = (failure: string | null): string | null =>
    failureOf({ started: true, status: null, retryAfter: null, body: null, failure });

  it('is null where none was seen', () => {
    expect(of(null)).toBeNull();
  });

  it.each([
    ['ERR_SSL_WRONG_VERSION_NUMBER', 'no TLS at this address'],
    ['HPE_INVALID_CONSTANT', 'does not speak HTTP'],
    ['HTTPParserError', 'does not speak HTTP'],
    ['ECONNREFUSED', 'connection refused'],
    // What is not known is named by its code, whatever part of a known one it holds.
    ['XERR_SSL_X', 'failed: XERR_SSL_X'],
    ['XHPE_X', 'failed: XHPE_X'],
  ])('%s means %s', (code, words) => {
    expect(of(code)).toBe(words);
  });
});

describe('a body', () => {
  it.each([
    '<!DOCTYPE html><html></html>',
    '<!doctype  HTML >',
    ' \n\t<html lang="en">',
    '<HTML>',
    '<head>',
    '<body class="a">',
  ])('is a page for people: %j', (text) => {
    expect(isHtml(Buffer.from(text))).toBe(true);
  });

  it.each(['', 'html', '{"html":"<html>"}', 'x<html>', '<htmlx>', '<!doctype svg>', '<?xml version="1.0"?>', '<p>'])(
    'is not a page for people: %j',
    (text) => {
      expect(isHtml(Buffer.from(text))).toBe(false);
    },
  );

  it('that is missing is not a page for people', () => {
    expect(isHtml(null)).toBe(false);
  });

  it('is read only as far as needed', () => {
    expect(isHtml(Buffer.from(`${' '.repeat(240)}<html>`))).toBe(true);
    expect(isHtml(Buffer.from(`${' '.repeat(256)}<html>`))).toBe(false);
  });
});
