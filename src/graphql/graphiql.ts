/** GraphiQL, for those who open /graphql in a browser. */
import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import type { FastifyReply, FastifyRequest } from 'fastify';

interface Page {
  readonly html: Buffer;
  readonly policy: string;
}

export function wantsGraphiQL({ method, headers, query }: FastifyRequest): boolean {
  const asksForHtml = method === 'GET' && (headers.accept?.includes('text/html') ?? false);
  return asksForHtml && !(typeof query === 'object' && query !== null && 'query' in query);
}

export async function sendGraphiQL(reply: FastifyReply): Promise<FastifyReply> {
  const { html, policy } = await graphiQLPage();
  return reply
    .type('text/html; charset=utf-8')
    .header('content-encoding', 'gzip')
    .header('content-security-policy', policy)
    .send(html);
}

let page: Promise<Page> | undefined;

/** One page that needs no other host. It weighs megabytes, so it is made on the first visit and kept compressed. */
function graphiQLPage(): Promise<Page> {
  page ??= import('@graphql-yoga/render-graphiql').then(({ renderGraphiQL }) => {
    const html = renderGraphiQL({ title: 'catapult-graphql', endpoint: '/graphql' });
    return { html: gzipSync(html), policy: policyFor(html) };
  });
  return page;
}

/** A content security policy under which this page's own scripts run and nothing else does. */
function policyFor(html: string): string {
  const hashes = [...html.matchAll(/<script[^>]*>([^]*?)<\/script>/g)].map(
    ([, script = '']) => `'sha256-${createHash('sha256').update(script).digest('base64')}'`,
  );
  return [
    "default-src 'none'",
    `script-src ${hashes.join(' ')}`,
    // Its editor writes style elements while it runs.
    "style-src 'unsafe-inline'",
    'img-src data:',
    'font-src data:',
    'worker-src blob: data:',
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; ');
}
