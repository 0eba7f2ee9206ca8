/**
 * What is at `/`: for browsers the console, a page that Vite built from `src/console`; for everybody else, in JSON, where
 * the API is. This file lies beside `main.ts`, so that one path leads from the sources and from the bundle to the page.
 */
import { existsSync, readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { addVary, keptFile, sendKept, type KeptFile } from './http/kept-file.js';

const BUILT = new URL('../dist/console/', import.meta.url);

/** Relative to `/`, as the console's own addresses are. */
const ADDRESSES = { graphql: '/graphql', media: '/media', health: '/health', ready: '/ready' };

/** The name of such a file says what is in it: it never changes. */
const FOR_GOOD = 'public, max-age=31536000, immutable';
/** Browsers keep it, and ask each time whether it is still the same. */
const ASK_AGAIN = 'no-cache';

const TYPES: Readonly<Record<string, string>> = {
  html: 'text/html; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  css: 'text/css; charset=utf-8',
  svg: 'image/svg+xml',
};

/** Nothing from another host, nothing inline, and no page around it. WebSockets to the same host are `'self'`, too. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  // Files that are about to be uploaded are shown from memory.
  "img-src 'self' blob: data:",
  "media-src 'self' blob:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
].join('; ');

export interface FrontDoorOptions {
  /** Whether browsers get the console. */
  readonly console: boolean;
  /** Whether the telephones of the built-in sandbox are served: then browsers get a page for them, too. */
  readonly phones: boolean;
}

/** Serves `/`, and what the console's page is made of. */
export function openFrontDoor(routes: FastifyInstance, options: FrontDoorOptions): void {
  routes.get('/', (request, reply) => {
    void addVary(reply, 'Accept');
    if (options.console && wantsPage(request)) return sendPage('index.html', reply);
    return reply.header('cache-control', ASK_AGAIN).send(ADDRESSES);
  });
  if (!options.console) return;
  if (options.phones) routes.get('/phone', (_request, reply) => sendPage('phone.html', reply));
  servePageFiles(routes);
}

/** Serves what the built pages load: `/assets/…`, beside the page. */
export function servePageFiles(routes: FastifyInstance): void {
  routes.get<{ Params: { name: string } }>('/assets/:name', async ({ params: { name } }, reply) => {
    const file = await builtFile(`assets/${name}`);
    if (file !== null) return sendKept(reply.header('cache-control', FOR_GOOD), file);
    reply.callNotFound();
    return reply;
  });
}

/** Answers with one of the pages that Vite built. */
export async function sendPage(name: string, reply: FastifyReply): Promise<FastifyReply> {
  const page = await builtFile(name);
  if (page !== null)
    return sendKept(reply.headers({ 'content-security-policy': POLICY, 'cache-control': ASK_AGAIN }), page);
  reply.callNotFound();
  return reply;
}

export const wantsPage = ({ headers }: FastifyRequest): boolean => headers.accept?.includes('text/html') === true;

/**
 * The console's own documents, as a manifest of trusted documents: sha256 to text. None where it was not built.
 *
 * They come with the server, so an operator who has the console on trusts them as much as the server.
 */
export function consoleDocuments(): Readonly<Record<string, string>> {
  const file = new URL('documents.json', BUILT);
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Record<string, string>) : {};
}

/** What was asked for, half a megabyte at most. */
const files = new Map<string, KeptFile>();

/** What the build calls its files. So nothing outside of its folder can be meant. */
const NAME = /^(assets\/)?[\w-]+\.(\w+)$/;

/** @param name as below `dist/console`. Null for all that the build did not make, and where there was none. */
async function builtFile(name: string): Promise<KeptFile | null> {
  const type = TYPES[NAME.exec(name)?.[2] ?? ''];
  if (type === undefined) return null;
  const known = files.get(name);
  if (known !== undefined) return known;
  const read = (ending: string): Promise<Buffer> => readFile(new URL(name + ending, BUILT));
  try {
    const [identity, gzip, br] = await Promise.all([read(''), read('.gz'), read('.br')]);
    const file = keptFile(type, { identity, gzip, br });
    files.set(name, file);
    return file;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}
