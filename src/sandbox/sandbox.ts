/** A local Catapult for development, tests and demos, over a real socket. It sends nothing to anybody. */
import { once, setMaxListeners } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { SandboxAccess, type AccessOptions } from './access.js';
import * as answers from './answers.js';
import type { Answer, SandboxRequest } from './answers.js';
import { eventsOf, overtakesAnswer, sendEvents, type CallbackMessage, type CallbackTarget } from './callbacks.js';
import { SandboxMedia } from './media.js';
import { SAMPLES } from './samples.js';
import { validate } from './validation.js';

/** Larger than anything valid. */
const MAX_BODY_BYTES = 1024 * 1024;
/** How many accepted messages are remembered, so that a long demo does not fill the memory. */
const MAX_REMEMBERED = 100_000;
/** As many as one page of the message list holds. */
const MAX_LISTED = 100;
/** A client that needs longer for one request is broken. */
const REQUEST_TIMEOUT_MS = 30_000;

/** As at the live service's own host for tokens. */
const TOKEN_PATH = '/api/v1/oauth2/token';
/** Not of Catapult: makes an inbound message, for tests and demos. */
const INBOUND_PATH = '/sandbox/inbound';

/** `+1919556SSSS` asks for what SSSS says. */
const STEERING_NUMBER = /^\+1919556(\d{4})$/;
const ACCEPT_AND_STAY_SILENT = '0000';
const ACCEPT_AND_CUT_OFF = '0202';

export interface SandboxOptions extends AccessOptions {
  readonly host?: string;
  /** 0, the default, lets the system choose. */
  readonly port?: number;
  readonly userId: string;
}

export interface AcceptedMessage extends SandboxRequest {
  readonly id: string;
  /** Milliseconds since 1970. */
  readonly time: number;
}

export interface Sandbox {
  /** What CATAPULT_URL has to be. */
  readonly url: string;
  /** What CATAPULT_TOKEN_URL has to be. */
  readonly tokenUrl: string;
  /** The ledger: every message that was accepted, whatever became of the answer. */
  readonly accepted: readonly AcceptedMessage[];
  /** Sends callbacks there from now on, also for the inbound messages of `POST /sandbox/inbound`. */
  sendCallbacksTo(target: CallbackTarget): void;
  /** Has a message with a picture come in, with the parts that telephones send. */
  bringInSample(): void;
  /** Ends all tokens before their time. */
  revokeTokens(): void;
  close(): Promise<void>;
}

export async function startSandbox(options: SandboxOptions): Promise<Sandbox> {
  const access = new SandboxAccess(options);
  const messages = new Messages(`/v2/users/${options.userId}/messages`);
  const media = new SandboxMedia(`/v2/users/${options.userId}/media`);
  const server = createServer({ requestTimeout: REQUEST_TIMEOUT_MS }, (request, response) => {
    handle(request, response, access, messages, media).catch(() => response.destroy());
  });
  server.listen(options.port ?? 0, options.host ?? '127.0.0.1');
  await once(server, 'listening');
  const { address, port } = server.address() as AddressInfo;
  return {
    url: `http://${address}:${port}/v2`,
    tokenUrl: `http://${address}:${port}${TOKEN_PATH}`,
    accepted: messages.accepted,
    sendCallbacksTo(target) {
      messages.target = target;
    },
    bringInSample() {
      const { from, to, applicationId } = SAMPLES[0].input;
      const message = { from: to[0], to: [from], text: 'Look at this!', applicationId, tag: undefined };
      messages.bringIn({ ...message, priority: undefined, expiration: undefined, media: undefined }, (id) =>
        media.addSample(id).map((path) => `http://${address}:${port}${path}`),
      );
    },
    revokeTokens() {
      access.revokeTokens();
    },
    async close() {
      messages.close();
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

async function handle(
  request: IncomingMessage,
  response: ServerResponse,
  access: SandboxAccess,
  messages: Messages,
  media: SandboxMedia,
): Promise<void> {
  if (isForMedia(request)) {
    const refusal = refuseMedia(request, media.path, access);
    if (refusal === null) await media.answer(request, response, originOf(request));
    else respond(response, refusal);
    return;
  }
  const isInbound = request.method === 'POST' && request.url === INBOUND_PATH;
  const asksForToken = request.url === TOKEN_PATH;
  const refusal = isInbound || asksForToken ? null : refuse(request, messages.path, access);
  const body = await readBody(request);
  if (asksForToken) {
    respond(response, access.grant(request, body?.toString('utf8') ?? ''));
    return;
  }
  if (refusal === null && request.method === 'GET') {
    respond(response, messages.list(new URL(request.url ?? '', 'http://sandbox').searchParams));
    return;
  }
  const message = refusal ?? (body === null ? answers.tooLarge() : validate(body));
  if ('status' in message) respond(response, message);
  else if (isInbound) respond(response, messages.bringIn(message));
  else await messages.take(message, response);
}

/** The messages of the account, and their callbacks. */
class Messages {
  readonly path: string;
  readonly accepted: AcceptedMessage[] = [];
  /** Where callbacks go; nowhere at first. */
  target: CallbackTarget | undefined;
  readonly #closing = new AbortController();

  constructor(path: string) {
    this.path = path;
    // Every event under way listens to it.
    setMaxListeners(0, this.#closing.signal);
  }

  close(): void {
    this.#closing.abort();
  }

  /** Calls back for a message that came in: Catapult makes it one message, with its own id, for each number. */
  bringIn(
    message: SandboxRequest,
    mediaOf: (id: string) => readonly string[] | undefined = () => message.media,
  ): Answer {
    const given = message.to.map((owner) => {
      const answer = answers.accepted(message, Date.now(), 202);
      const media = mediaOf(answer.id);
      const inbound = { ...messageOf(answer), owner, direction: 'in' as const, tag: undefined, media };
      void this.#callBack(inbound, [{ type: 'message-received', description: 'Incoming message received', to: owner }]);
      return answer;
    });
    return given[0] ?? answers.invalid([]);
  }

  /** Does what the sender's number asks for. */
  async take(message: SandboxRequest, response: ServerResponse): Promise<void> {
    const steering = STEERING_NUMBER.exec(message.from)?.[1];
    const status = steering === undefined ? 202 : Number(steering);
    const asked = status >= 200 && status <= 599 ? answers.answerOf(status, this.path) : null;
    if (asked !== null) {
      respond(response, asked);
      return;
    }
    const now = Date.now();
    const answer = answers.accepted(message, now, status >= 200 && status <= 299 ? status : 202);
    if (this.accepted.length === MAX_REMEMBERED) this.accepted.shift();
    this.accepted.push({ ...message, id: answer.id, time: now });
    const calledBack = this.#callBack(messageOf(answer), eventsOf(messageOf(answer)));
    if (overtakesAnswer(message.to)) await calledBack;
    if (steering === ACCEPT_AND_CUT_OFF) cutOff(response, answer);
    else if (steering !== ACCEPT_AND_STAY_SILENT) respond(response, answer);
  }

  /** The message list: one entry for each recipient, without text and tag. */
  list(query: URLSearchParams): Answer {
    const times = ['fromDateTime', 'toDateTime'].map((name) => query.get(name));
    // Only milliseconds are taken (Bandwidth/cli, AGENTS.md).
    const isTime = (time: string | null): boolean => time === null || /^\d{4}-\d\d-\d\dT[\d:]{8}\.\d{3}Z$/.test(time);
    if (query.size === 0 || !times.every(isTime)) return answers.badListRequest();
    const [since = -Infinity, until = Infinity] = times.map((time) => (time === null ? undefined : Date.parse(time)));
    const [from, to] = [query.get('sourceTn'), query.get('destinationTn')?.split(',')];
    const found = this.accepted
      .filter((message) => message.time >= since && message.time <= until && (from ?? message.from) === message.from)
      .flatMap((message) => message.to.map((recipient) => ({ message, recipient })))
      .filter(({ recipient }) => to?.includes(recipient) ?? true);
    const limit = Math.min(Number(query.get('limit') ?? MAX_LISTED), MAX_LISTED);
    return answers.messageList(
      query.get('messageDirection') === 'INBOUND' ? 0 : found.length,
      query.get('messageDirection') === 'INBOUND' ? [] : found.slice(0, limit),
    );
  }

  /** Never rejects: when the server went away or the sandbox closes, there is nobody to call. */
  async #callBack(message: CallbackMessage, events: ReturnType<typeof eventsOf>): Promise<void> {
    if (this.target === undefined) return;
    await sendEvents(this.target, message, events, this.#closing.signal).catch(() => undefined);
  }
}

/** What callbacks say of a message is what the answer said of it. */
function messageOf({ body }: Answer): CallbackMessage {
  return JSON.parse(body) as CallbackMessage;
}

const isForMedia = ({ url = '' }: IncomingMessage): boolean => /^\/v2\/users\/[^/]+\/media(\/|$)/.test(url);

const originOf = ({ socket }: IncomingMessage): string =>
  `http://${socket.localAddress ?? '127.0.0.1'}:${socket.localPort ?? 0}`;

function refuseMedia({ url = '', headers }: IncomingMessage, path: string, access: SandboxAccess): Answer | null {
  if (!access.isOpenTo(headers.authorization ?? '')) return answers.unauthorized();
  return url === path || url.startsWith(`${path}/`) ? null : answers.forbidden();
}

/** What is wrong with a request before its body counts; credentials first, as the vendor's own tests show. */
function refuse(
  { url = '', method = '', headers }: IncomingMessage,
  path: string,
  access: SandboxAccess,
): Answer | null {
  const [asked = ''] = url.split('?', 1);
  if (!access.isOpenTo(headers.authorization ?? '')) return answers.unauthorized();
  if (asked !== path)
    return /^\/v2\/users\/[^/]+\/messages$/.test(asked) ? answers.forbidden() : answers.notFound(asked);
  if (method === 'GET') return null;
  if (method !== 'POST') return answers.methodNotAllowed(method);
  const contentType = headers['content-type'] ?? '';
  return /^application\/json\s*(;|$)/i.test(contentType) ? null : answers.unsupportedContentType(contentType);
}

/** The whole body; `null` when it is too large. */
async function readBody(request: IncomingMessage): Promise<Buffer | null> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size <= MAX_BODY_BYTES) chunks.push(chunk);
  }
  return size > MAX_BODY_BYTES ? null : Buffer.concat(chunks);
}

function respond(response: ServerResponse, { status, body, headers }: Answer): void {
  response.writeHead(status, { ...headers, 'content-length': Buffer.byteLength(body) }).end(body);
}

/** Announces the whole answer and breaks the connection in the middle of it. */
function cutOff(response: ServerResponse, { status, body, headers }: Answer): void {
  response.writeHead(status, { ...headers, 'content-length': Buffer.byteLength(body) });
  response.write(body.slice(0, body.length / 2), () => response.destroy());
}
