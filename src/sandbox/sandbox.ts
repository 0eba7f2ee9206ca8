/** A local Catapult for development, tests and demos, over a real socket. It sends nothing to anybody. */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { once, setMaxListeners } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import * as answers from './answers.js';
import type { Answer, FieldProblem, SandboxRequest } from './answers.js';
import { eventsOf, overtakesAnswer, sendEvents, type CallbackMessage, type CallbackTarget } from './callbacks.js';

/** Larger than anything valid. */
const MAX_BODY_BYTES = 1024 * 1024;
/** How many accepted messages are remembered, so that a long demo does not fill the memory. */
const MAX_REMEMBERED = 100_000;
/** A client that needs longer for one request is broken. */
const REQUEST_TIMEOUT_MS = 30_000;

/** Short enough to be renewed while somebody watches. */
const DEFAULT_TOKEN_LIFE_S = 60;
/** As at the live service's own host for tokens. */
const TOKEN_PATH = '/api/v1/oauth2/token';

/** Not of Catapult: makes an inbound message, for tests and demos. */
const INBOUND_PATH = '/sandbox/inbound';

const E164 = /^\+[1-9]\d{1,14}$/;
/** `+1919556SSSS` asks for what SSSS says. */
const STEERING_NUMBER = /^\+1919556(\d{4})$/;
const ACCEPT_AND_STAY_SILENT = '0000';
const ACCEPT_AND_CUT_OFF = '0202';

export interface SandboxOptions {
  readonly host?: string;
  /** 0, the default, lets the system choose. */
  readonly port?: number;
  readonly userId: string;
  /** For Basic authentication. */
  readonly token: string;
  readonly secret: string;
  /** For OAuth 2.0. */
  readonly clientId: string;
  readonly clientSecret: string;
  /** `oauth` refuses Basic; otherwise both are taken, which is the default. */
  readonly auth?: 'basic' | 'oauth';
  /** How long tokens live, in seconds; 60 by default. */
  readonly tokenLifeS?: number;
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
  /** From now on, tells of messages there; and takes inbound ones at `POST /sandbox/inbound`. */
  sendCallbacksTo(target: CallbackTarget): void;
  /** Ends all tokens before their time. */
  revokeTokens(): void;
  close(): Promise<void>;
}

export async function startSandbox(options: SandboxOptions): Promise<Sandbox> {
  const accepted: AcceptedMessage[] = [];
  const closing = new AbortController();
  // Every event under way listens to it.
  setMaxListeners(0, closing.signal);
  let target: CallbackTarget | undefined;
  const path = `/v2/users/${options.userId}/messages`;
  const access = new SandboxAccess(options);

  const server = createServer({ requestTimeout: REQUEST_TIMEOUT_MS }, (request, response) => {
    handle(request, response).catch(() => response.destroy());
  });

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const isInbound = request.method === 'POST' && request.url === INBOUND_PATH;
    const asksForToken = request.url === TOKEN_PATH;
    const refusal = isInbound || asksForToken ? null : refuse(request, path, access);
    const body = await readBody(request);
    if (asksForToken) {
      respond(response, access.grant(request, body?.toString('utf8') ?? ''));
      return;
    }
    if (refusal === null && request.method === 'GET') {
      respond(response, listMessages(accepted, new URL(request.url ?? '', 'http://sandbox').searchParams));
      return;
    }
    const message = refusal ?? (body === null ? answers.tooLarge() : validate(body));
    if ('status' in message) respond(response, message);
    else if (isInbound) bringIn(message, response);
    else await take(message, response);
  }

  /** Tells the server of a message that came in: Catapult makes it one message, with an id of its own, for each number. */
  function bringIn(message: SandboxRequest, response: ServerResponse): void {
    const told = message.to.map((owner) => {
      const answer = answers.accepted(message, Date.now(), 202);
      const inbound = { ...toldOf(answer), owner, direction: 'in' as const, tag: undefined };
      tell(inbound, [{ type: 'message-received', description: 'Incoming message received', to: owner }]).catch(ignore);
      return answer;
    });
    respond(response, told[0] ?? answers.invalid([]));
  }

  async function tell(message: CallbackMessage, events: ReturnType<typeof eventsOf>): Promise<void> {
    if (target !== undefined) await sendEvents(target, message, events, closing.signal);
  }

  /** Does what the sender's number asks for. */
  async function take(message: SandboxRequest, response: ServerResponse): Promise<void> {
    const steering = STEERING_NUMBER.exec(message.from)?.[1];
    const status = steering === undefined ? 202 : Number(steering);
    const asked = status >= 200 && status <= 599 ? answers.answerOf(status, path) : null;
    if (asked !== null) {
      respond(response, asked);
      return;
    }
    const now = Date.now();
    const answer = answers.accepted(message, now, status >= 200 && status <= 299 ? status : 202);
    if (accepted.length === MAX_REMEMBERED) accepted.shift();
    accepted.push({ ...message, id: answer.id, time: now });
    const told = tell(toldOf(answer), eventsOf(toldOf(answer))).catch(ignore);
    if (overtakesAnswer(message.to)) await told;
    if (steering === ACCEPT_AND_CUT_OFF) cutOff(response, answer);
    else if (steering !== ACCEPT_AND_STAY_SILENT) respond(response, answer);
  }

  server.listen(options.port ?? 0, options.host ?? '127.0.0.1');
  await once(server, 'listening');
  const { address, port } = server.address() as AddressInfo;
  return {
    url: `http://${address}:${port}/v2`,
    tokenUrl: `http://${address}:${port}${TOKEN_PATH}`,
    accepted,
    sendCallbacksTo(callbackTarget) {
      target = callbackTarget;
    },
    revokeTokens() {
      access.revokeTokens();
    },
    async close() {
      closing.abort();
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

/** What callbacks say of a message is what the answer said of it. */
function toldOf({ body }: Answer): CallbackMessage {
  return JSON.parse(body) as CallbackMessage;
}

/** The server that is told went away or the sandbox closes; there is nobody else to tell. */
function ignore(): void {
  // Nothing is to be done.
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

/** Who may use the sandbox, and the tokens it has issued. */
class SandboxAccess {
  readonly #basic: string | null;
  readonly #client: string;
  readonly #lifeS: number;
  /** When each token ends, in milliseconds since 1970. */
  readonly #tokens = new Map<string, number>();

  constructor({ token, secret, clientId, clientSecret, auth, tokenLifeS = DEFAULT_TOKEN_LIFE_S }: SandboxOptions) {
    this.#basic = auth === 'oauth' ? null : basic(token, secret);
    this.#client = basic(clientId, clientSecret);
    this.#lifeS = tokenLifeS;
  }

  isOpenTo(authorization: string): boolean {
    if (this.#basic !== null && isSame(authorization, this.#basic)) return true;
    const [, token = ''] = /^Bearer (.+)$/.exec(authorization) ?? [];
    return Date.now() < (this.#tokens.get(token) ?? 0);
  }

  /** Answers a request of OAuth 2.0's client credentials grant (RFC 6749, 4.4). */
  grant({ method = '', headers }: IncomingMessage, body: string): Answer {
    if (method !== 'POST') return answers.methodNotAllowed(method);
    if (!isSame(headers.authorization ?? '', this.#client)) return answers.tokenRefused(401, 'invalid_client');
    if (new URLSearchParams(body).get('grant_type') !== 'client_credentials') {
      return answers.tokenRefused(400, 'unsupported_grant_type');
    }
    const now = Date.now();
    for (const [token, endsAt] of this.#tokens) if (endsAt <= now) this.#tokens.delete(token);
    const token = randomBytes(32).toString('base64url');
    this.#tokens.set(token, now + this.#lifeS * 1000);
    return answers.tokenGranted(token, this.#lifeS);
  }

  revokeTokens(): void {
    this.#tokens.clear();
  }
}

const basic = (username: string, password: string): string =>
  `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;

/** As many as one page holds. */
const MAX_LISTED = 100;

/** The message list: one entry for each recipient, without text and tag. */
function listMessages(accepted: readonly AcceptedMessage[], query: URLSearchParams): Answer {
  const times = ['fromDateTime', 'toDateTime'].map((name) => query.get(name));
  // Only milliseconds are taken (Bandwidth/cli, AGENTS.md).
  const isTime = (time: string | null): boolean => time === null || /^\d{4}-\d\d-\d\dT[\d:]{8}\.\d{3}Z$/.test(time);
  if (query.size === 0 || !times.every(isTime)) return answers.badListRequest();
  const [since = -Infinity, until = Infinity] = times.map((time) => (time === null ? undefined : Date.parse(time)));
  const [from, to] = [query.get('sourceTn'), query.get('destinationTn')?.split(',')];
  const found = accepted
    .filter((message) => message.time >= since && message.time <= until && (from ?? message.from) === message.from)
    .flatMap((message) => message.to.map((recipient) => ({ message, recipient })))
    .filter(({ recipient }) => to?.includes(recipient) ?? true);
  const limit = Math.min(Number(query.get('limit') ?? MAX_LISTED), MAX_LISTED);
  return answers.messageList(
    query.get('messageDirection') === 'INBOUND' ? 0 : found.length,
    query.get('messageDirection') === 'INBOUND' ? [] : found.slice(0, limit),
  );
}

/** Compares digests, so that neither length nor content shows in the time it takes. */
function isSame(given: string, expected: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(given), digest(expected));
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

/** The message, or the 400 that names what is wrong with it. Unknown members are ignored. */
function validate(body: Buffer): SandboxRequest | Answer {
  const json = parse(body);
  if (json === null) return answers.invalid([]);
  const {
    from,
    text = '',
    applicationId,
    media = [],
    tag = '',
    priority = 'default',
    expiration = '9999-01-01',
  } = json;
  const to: unknown = typeof json.to === 'string' ? [json.to] : json.to;
  const problems: FieldProblem[] = [];
  const report = (fieldName: string, description: string): void => void problems.push({ fieldName, description });
  const number = (fieldName: string, value: string): void => {
    if (!E164.test(value)) {
      report(fieldName, `'${value}' must be replaced with a valid E164 formatted telephone number`);
    }
  };

  if (!isStrings(to) || to.length === 0) report('to', "'to' must contain at least one telephone number");
  else for (const recipient of to) number('to', recipient);
  if (typeof from !== 'string' || from === '') report('from', "'from' must contain exactly one telephone number");
  else number('from', from);
  if (!isStrings(media))
    report('media', "'media' must be a list of URLs"); // Ours.
  else if (text === '' && media.length === 0) report('text', "'text' is required unless media is included");
  if (typeof text !== 'string' || text.length > 2048) report('text', "'text' must be 2048 characters or less"); // Ours.
  if (typeof applicationId !== 'string' || applicationId === '') report('applicationId', "'applicationId' is required"); // Ours.
  if (isStrings(to) && to.length > 10) report('to', "'to' must contain at most 10 telephone numbers"); // Ours.
  if (typeof tag !== 'string' || tag.length > 1024) report('tag', "'tag' must be 1024 characters or less"); // Ours.
  if (!['default', 'high'].includes(priority as string)) report('priority', "'priority' must be default or high"); // Ours.
  if (typeof expiration !== 'string' || !(Date.parse(expiration) > Date.now()))
    report('expiration', "'expiration' must be a time in the future"); // Ours.

  if (problems.length > 0) return answers.invalid(problems);
  // What was absent stays absent in the answer.
  return { ...json, to } as unknown as SandboxRequest;
}

function parse(body: Buffer): Record<string, unknown> | null {
  try {
    const json: unknown = JSON.parse(body.toString('utf8'));
    return typeof json === 'object' && json !== null && !Array.isArray(json) ? (json as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}

function isStrings(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string');
}

function respond(response: ServerResponse, { status, body, headers }: Answer): void {
  response.writeHead(status, { ...headers, 'content-length': Buffer.byteLength(body) }).end(body);
}

/** Announces the whole answer and breaks the connection in the middle of it. */
function cutOff(response: ServerResponse, { status, body, headers }: Answer): void {
  response.writeHead(status, { ...headers, 'content-length': Buffer.byteLength(body) });
  response.write(body.slice(0, body.length / 2), () => response.destroy());
}
