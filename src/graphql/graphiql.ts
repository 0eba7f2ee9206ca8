/** GraphiQL, for those who open /graphql in a browser. */
import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { addVary, keptFile, sendKept, type KeptFile } from '../http/kept-file.js';

interface Page {
  readonly file: KeptFile;
  readonly policy: string;
}

/** Whether a browser wants a page. It also does where the URL has a query: GraphiQL writes there what is being edited. */
export function wantsGraphiQL({ method, headers, query }: FastifyRequest): boolean {
  const { accept = '' } = headers;
  if (method !== 'GET') return false;
  const hasQuery = typeof query === 'object' && query !== null && 'query' in query;
  return hasQuery ? accept.startsWith('text/html') : accept.includes('text/html');
}

export type SendGraphiQL = (request: FastifyRequest, reply: FastifyReply) => Promise<FastifyReply>;

/** @param sample the input of a send that can do no harm, to open with; null where every send is real. */
export function graphiQL(sample: object | null): SendGraphiQL {
  let page: Promise<Page> | undefined;
  return async (_request, reply) => {
    page ??= makePage(sample);
    const { file, policy } = await page;
    // Browsers keep it, and ask each time whether it is still the same.
    void addVary(reply, 'Accept').headers({ 'content-security-policy': policy, 'cache-control': 'no-cache' });
    return sendKept(reply, file);
  };
}

/** A page that needs no other host. It weighs megabytes, so it is made on the first visit and kept in both forms. */
async function makePage(sample: object | null): Promise<Page> {
  const { renderGraphiQL } = await import('@graphql-yoga/render-graphiql');
  const tabs = tabsFor(sample);
  const page = renderGraphiQL({
    title: 'catapult-graphql',
    // It asks the path that it was opened at, whatever stands before that: no endpoint is named. A browser vouches for a
    // GET of the page only where it trusts the connection, so it asks by POST; subscriptions, too, as event streams.
    method: 'POST',
    // What signs in is not left behind in the browser.
    shouldPersistHeaders: false,
    defaultTabs: tabs,
  });
  const text = page.replace('<script>', () => `<script>${openingVariables(tabs)}</script><script>`);
  const html = Buffer.from(text);
  const file = keptFile('text/html; charset=utf-8', { identity: html, gzip: gzipSync(html) });
  return { file, policy: policyFor(text) };
}

/**
 * GraphiQL takes the variables of the tab that it opens with from the browser's storage, and not from `defaultTabs`. So
 * they are put there before it starts, on a first visit.
 */
function openingVariables([first]: readonly Tab[]): string {
  return `
    if (localStorage.getItem('graphiql:tabState') === null && !location.search.includes('query='))
      localStorage.setItem('graphiql:variables', ${JSON.stringify(first?.variables ?? '')});
  `;
}

interface Tab {
  readonly query: string;
  readonly variables?: string;
}

const SEND = `mutation Send($input: MessageInput!) {
  sendMessage(input: $input) {
    id
    status
    time
    to
  }
}`;
const FOLLOW = `# Put the id of a message into the variables.
subscription Follow($id: ID!) {
  messageUpdated(id: $id) {
    status
    deliveries {
      to
      status
    }
  }
}`;
const LATEST = `query Latest {
  messages(first: 10) {
    nodes {
      id
      status
      time
      from
      to
      text
    }
  }
}`;

/** What the page opens with. Against the real Catapult it offers no send: pressing a button would cost money. */
function tabsFor(sample: object | null): Tab[] {
  const send = { query: SEND, variables: asVariables({ input: sample }) };
  return [...(sample === null ? [] : [send]), { query: LATEST }, { query: FOLLOW, variables: asVariables({ id: '' }) }];
}

const asVariables = (variables: object): string => JSON.stringify(variables, null, 2);

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
