/** A local Catapult for development, tests and demos, over a real socket. It sends nothing to anybody. */
import { createHash, timingSafeEqual } from 'node:crypto';
import { once, setMaxListeners } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import * as answers from './sandbox-answers.js';
import type { Answer, FieldProblem, SandboxRequest } from './sandbox-answers.js';
import {
  eventsOf,
  overtakesAnswer,
  sendEvents,
  type CallbackMessage,
  type CallbackTarget,
} from './sandbox-callbacks.js';

/** Larger than anything valid. */
const MAX_BODY_BYTES = 1024 * 1024;
/** How many accepted messages are remembered, so that a long demo does not fill the memory. */
const MAX_REMEMBERED = 100_000;
/** A client that needs longer for one request is broken. */
const REQUEST_TIMEOUT_MS = 30_000;

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
  readonly token: string;
  readonly secret: string;
}

export interface AcceptedMessage extends SandboxRequest {
  readonly id: string;
}

export interface Sandbox {
  /** What CATAPULT_URL has to be. */
  readonly url: string;
  /** The ledger: every message that was accepted, whatever became of the answer. */
  readonly accepted: readonly AcceptedMessage[];
  /** From now on, tells of messages there; and takes inbound ones at `POST /sandbox/inbound`. */
  sendCallbacksTo(target: CallbackTarget): void;
  close(): Promise<void>;
}

export async function startSandbox(options: SandboxOptions): Promise<Sandbox> {
  const accepted: AcceptedMessage[] = [];
  const closing = new AbortController();
  // Every event under way listens to it.
  setMaxListeners(0, closing.signal);
  let target: CallbackTarget | undefined;
  const path = `/v2/users/${options.userId}/messages`;
  const credentials = `Basic ${Buffer.from(`${options.token}:${options.secret}`).toString('base64')}`;

  const server = createServer({ requestTimeout: REQUEST_TIMEOUT_MS }, (request, response) => {
    handle(request, response).catch(() => response.destroy());
  });

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const isInbound = request.method === 'POST' && request.url === INBOUND_PATH;
    const refusal = isInbound ? null : refuse(request, path, credentials);
    const body = await readBody(request);
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
    const answer = answers.accepted(message, Date.now(), status >= 200 && status <= 299 ? status : 202);
    if (accepted.length === MAX_REMEMBERED) accepted.shift();
    accepted.push({ ...message, id: answer.id });
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
    accepted,
    sendCallbacksTo(callbackTarget) {
      target = callbackTarget;
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
function refuse({ url = '', method = '', headers }: IncomingMessage, path: string, credentials: string): Answer | null {
  const [asked = ''] = url.split('?', 1);
  if (!isSame(headers.authorization ?? '', credentials)) return answers.unauthorized();
  if (asked !== path)
    return /^\/v2\/users\/[^/]+\/messages$/.test(asked) ? answers.forbidden() : answers.notFound(asked);
  if (method !== 'POST') return answers.methodNotAllowed(method);
  const contentType = headers['content-type'] ?? '';
  return /^application\/json\s*(;|$)/i.test(contentType) ? null : answers.unsupportedContentType(contentType);
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
  const { from, text = '', applicationId, media = [], tag = '' } = json;
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
