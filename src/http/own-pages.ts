/** Which pages may call from a browser, by what the browser itself says of them. */
import type { IncomingHttpHeaders } from 'node:http';
import type { FastifyRequest } from 'fastify';

/** Whether a page of this origin is ours: served by this host, or configured. */
export function isOurs(origin: string, host: string | undefined, origins: readonly string[]): boolean {
  return origins.includes(origin) || (URL.canParse(origin) && new URL(origin).host === host);
}

/**
 * Whether a browser vouches that one of our pages asks. No page can forge these headers, and whoever asks without a
 * browser has no need to: nobody's credentials are at stake there. Browsers before 2023 may send neither.
 */
export function isFromOurPage({ origin, host, ...headers }: IncomingHttpHeaders, origins: readonly string[]): boolean {
  // A browser names the origin on every request to another one.
  return origin === undefined ? headers['sec-fetch-site'] === 'same-origin' : isOurs(origin, host, origins);
}

/**
 * Whether a GET can come from no page but ours, by Apollo's rule: our page asks, or a header shows that the browser asked
 * first whether it may, or that it is none.
 */
export function isVouchedFor(headers: IncomingHttpHeaders, origins: readonly string[]): boolean {
  return isFromOurPage(headers, origins) || PREFLIGHTED.some((name) => (headers[name] ?? '') !== '');
}

const PREFLIGHTED = ['apollo-require-preflight', 'x-apollo-operation-name'];

/**
 * The URL under which a client reaches this server, without a slash behind, by what the request says of it, and by what
 * trusted proxies do; null where that is no URL.
 */
export function baseOf({ protocol, host }: Pick<FastifyRequest, 'protocol' | 'host'>): string | null {
  const base = `${protocol}://${host}`;
  return /^[\w.:[\]-]+$/.test(host) && URL.canParse(base) ? base : null;
}
