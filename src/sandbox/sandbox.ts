/** A local Catapult for development, tests and demos, over a real socket. It sends nothing to anybody. */
import { once, setMaxListeners } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { isPublicName } from '../messaging/media-host.js';
import { isTollFree } from '../messaging/region.js';
import { formatTime } from '../messaging/time.js';
import { SandboxAccess, type AccessOptions } from './access.js';
import * as answers from './answers.js';
import type { Answer, SandboxRequest } from './answers.js';
import { answerForSender, USUAL, type Behavior } from './behavior.js';
import {
  eventsOf,
  overtakesAnswer,
  sendEvents,
  type CallbackMessage,
  type CallbackTarget,
  type Event,
  type Sending,
} from './callbacks.js';
import { cutOff, readBody, respond } from './exchange.js';
import { Ledger, type AcceptedMessage } from './ledger.js';
import { SandboxMedia } from './media.js';
import { isForPhones, PhoneApi } from './phone-api.js';
import { Phones, type PhoneMessage } from './phones.js';
import { SAMPLE_LAYOUT, SAMPLE_PICTURE } from './sample-files.js';
import { SAMPLES } from './samples.js';
import { validate } from './validation.js';

/** Larger than anything valid. */
const MAX_BODY_BYTES = 1024 * 1024;
/** A client that needs longer for one request is broken. */
const REQUEST_TIMEOUT_MS = 30_000;

/** As at the live service's own host for tokens. */
const TOKEN_PATH = '/api/v1/oauth2/token';
/** Not of Catapult: makes an inbound message, for tests and demos. */
const INBOUND_PATH = '/sandbox/inbound';

/**
 * What the network of toll-free numbers answers by itself to words that it knows. The first one is the vendor's
 * (support.bandwidth.com 360010785613), the other one as others tell of the same network (support.twilio.com 360058144374).
 */
const NETWORK_STOPS =
  'NETWORK MSG: You replied with the word "STOP" which blocks all texts sent from this number. Text back "UNSTOP" to receive messages again.';
const networkStarts = (word: string): string =>
  `NETWORK MSG: You have replied "${word}" and will begin receiving messages again from this number.`;

export interface SandboxOptions extends AccessOptions {
  readonly host?: string;
  /** 0, the default, lets the system choose. */
  readonly port?: number;
  readonly userId: string;
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
  const phones = new Phones();
  const messages = new Messages(`/v2/users/${options.userId}/messages`, phones);
  const media = new SandboxMedia(`/v2/users/${options.userId}/media`);
  const origin = (): string => {
    const { address, port } = server.address() as AddressInfo;
    return `http://${address}:${port}`;
  };
  const phoneApi = new PhoneApi({
    phones,
    media,
    origin,
    applicationId: SAMPLES[0].input.applicationId,
    callsBack: () => messages.target !== undefined,
    bringIn: async (message, mediaOf) => {
      const [owner = ''] = message.to;
      const { sent, settled } = messages.bringInTo(owner, message, mediaOf, { pauseMs: 0 });
      await settled;
      return sent;
    },
  });
  const server = createServer({ requestTimeout: REQUEST_TIMEOUT_MS }, (request, response) => {
    handle(request, response, { access, messages, media, phoneApi }).catch(() => response.destroy());
  });
  server.listen(options.port ?? 0, options.host ?? '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `${origin()}/v2`,
    tokenUrl: `${origin()}${TOKEN_PATH}`,
    get accepted() {
      return messages.ledger.messages;
    },
    sendCallbacksTo(target) {
      messages.target = target;
    },
    bringInSample() {
      const { from, to, applicationId } = SAMPLES[0].input;
      const message = { from: to[0], to: [from], text: 'Look at this!', applicationId, tag: undefined };
      const whole = { ...message, priority: undefined, expiration: undefined, media: undefined };
      messages.bringInTo(from, whole, (id) =>
        media.addFiles(id, [SAMPLE_LAYOUT, SAMPLE_PICTURE]).map((path) => `${origin()}${path}`),
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

interface Rooms {
  readonly access: SandboxAccess;
  readonly messages: Messages;
  readonly media: SandboxMedia;
  readonly phoneApi: PhoneApi;
}

async function handle(
  request: IncomingMessage,
  response: ServerResponse,
  { access, messages, media, phoneApi }: Rooms,
): Promise<void> {
  const isInbound = request.method === 'POST' && request.url === INBOUND_PATH;
  // They need no credentials: a page of the web could otherwise use them from any browser on this machine.
  if ((isInbound || isForPhones(request)) && isPublicName(request.headers.host ?? '')) {
    respond(response, answers.forbidden());
    return;
  }
  if (isForPhones(request)) {
    await phoneApi.answer(request, response);
    return;
  }
  if (isForMedia(request)) {
    const refusal = refuseMedia(request, media.path, access);
    if (refusal === null) await media.answer(request, response, originOf(request));
    else respond(response, refusal);
    return;
  }
  const asksForToken = request.url === TOKEN_PATH;
  const refusal = isInbound ? refuseForms(request) : asksForToken ? null : refuse(request, messages.path, access);
  const body = await readBody(request, MAX_BODY_BYTES);
  if (asksForToken) {
    respond(response, access.grant(request, body?.toString('utf8') ?? ''));
    return;
  }
  if (refusal === null && request.method === 'GET') {
    respond(response, messages.ledger.list(new URL(request.url ?? '', 'http://sandbox').searchParams));
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
  readonly ledger = new Ledger();
  /** Where callbacks go; nowhere at first. */
  target: CallbackTarget | undefined;
  readonly #phones: Phones;
  readonly #closing = new AbortController();

  constructor(path: string, phones: Phones) {
    this.path = path;
    this.#phones = phones;
    // Every event under way listens to it.
    setMaxListeners(0, this.#closing.signal);
  }

  close(): void {
    this.#closing.abort();
  }

  /** Has a message come in: Catapult makes it one message, with its own id, for each number. */
  bringIn(message: SandboxRequest): Answer {
    const [first] = message.to.map((owner) => this.bringInTo(owner, message).answer);
    return first ?? answers.invalid([]);
  }

  /** The same at one of the numbers. `settled` resolves once the callback was taken, or given up. */
  bringInTo(
    owner: string,
    message: SandboxRequest,
    mediaOf: (id: string) => readonly string[] | undefined = () => message.media,
    sending: Sending = {},
  ): { readonly answer: Answer; readonly sent: PhoneMessage; readonly settled: Promise<void> } {
    const answer = answers.accepted(message, Date.now(), 202);
    const media = mediaOf(answer.id);
    const inbound = { ...messageOf(answer), owner, direction: 'in' as const, tag: undefined, media };
    const telephone = message.from;
    const sent = this.#phones.send(telephone, { ...inbound, text: message.text ?? '' });
    this.#askNetwork(telephone, owner, sent);
    const event = { type: 'message-received', description: 'Incoming message received', to: owner };
    let isTaken = false;
    const onTaken = (): void => {
      isTaken = true;
    };
    const settled = this.#callBack(inbound, [event], { ...sending, onTaken }).then(() => {
      this.#phones.settle(telephone, sent, isTaken);
    });
    return { answer, sent, settled };
  }

  /** The network of toll-free numbers keeps a list of its own, and answers by itself to the words that it knows. */
  #askNetwork(telephone: string, owner: string, { message }: PhoneMessage): void {
    const word = message.text.trim().toLowerCase();
    if (!isTollFree(owner) || !['stop', 'start', 'unstop'].includes(word)) return;
    if (word === 'stop') this.#phones.block(telephone, owner);
    else this.#phones.unblock(telephone, owner);
    const now = Date.now();
    const text = word === 'stop' ? NETWORK_STOPS : networkStarts(word);
    const { applicationId } = message;
    const time = formatTime(now * 1000);
    this.#phones.receive(
      telephone,
      { id: answers.newId(now), from: owner, to: [telephone], text, applicationId, time },
      USUAL,
    );
  }

  /** Does what the sender's number asks for, or one of the telephones. */
  async take(message: SandboxRequest, response: ServerResponse): Promise<void> {
    const { answer: asked, delayMs, telephone } = this.#answerFor(message);
    const refusal = typeof asked === 'number' ? answers.answerOf(asked, this.path) : null;
    if (refusal !== null) {
      if (telephone !== null) this.#phones.use(telephone);
      respond(response, refusal);
      return;
    }
    const now = Date.now();
    const answer = answers.accepted(message, now, typeof asked === 'number' ? asked : 202);
    this.ledger.add({ ...message, id: answer.id, time: now });
    const told = messageOf(answer);
    const behaviors = this.#arrive({ ...told, text: message.text ?? '' });
    const calledBack = this.#callBack(
      told,
      eventsOf(told, (recipient) => behaviors.get(recipient) ?? USUAL),
      {
        onTaken: ({ to, type }) => {
          this.#phones.report(to, told.id, type);
        },
      },
    );
    if (overtakesAnswer(behaviors.values())) await calledBack;
    if (asked === 'slow') await delay(delayMs, undefined, { signal: this.#closing.signal });
    if (asked === 'cut-off') cutOff(response, answer);
    else if (asked !== 'silent' && !response.destroyed) respond(response, answer);
  }

  /** How a send is answered, and the telephone that asks for it; null where its sender's number does, or nobody. */
  #answerFor({ from, to }: SandboxRequest): Pick<Behavior, 'answer' | 'delayMs'> & { telephone: string | null } {
    const bySender = answerForSender(from);
    if (bySender !== 'accepted') return { answer: bySender, delayMs: 0, telephone: null };
    const telephone = to.find((recipient) => this.#phones.behaviorOf(recipient).answer !== 'accepted') ?? null;
    return telephone === null ? { ...USUAL, telephone } : { ...this.#phones.behaviorOf(telephone), telephone };
  }

  /** Has an accepted message arrive at its telephones, or fail there; returns what happens to it at each of them. */
  #arrive(message: CallbackMessage): Map<string, Behavior> {
    const behaviors = new Map<string, Behavior>();
    for (const telephone of new Set(message.to)) {
      const behavior = this.#phones.useFor(telephone, message.from);
      behaviors.set(telephone, behavior);
      this.#phones.receive(telephone, message, behavior);
    }
    return behaviors;
  }

  /** Never rejects: when the server went away or the sandbox closes, there is nobody to call. */
  async #callBack(message: CallbackMessage, events: readonly Event[], sending: Sending): Promise<void> {
    if (this.target === undefined) return;
    await sendEvents(this.target, message, events, this.#closing.signal, sending).catch(() => undefined);
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
function refuse(request: IncomingMessage, path: string, access: SandboxAccess): Answer | null {
  const { url = '', method = '', headers } = request;
  const [asked = ''] = url.split('?', 1);
  if (!access.isOpenTo(headers.authorization ?? '')) return answers.unauthorized();
  if (asked !== path)
    return /^\/v2\/users\/[^/]+\/messages$/.test(asked) ? answers.forbidden() : answers.notFound(asked);
  if (method === 'GET') return null;
  return method === 'POST' ? refuseForms(request) : answers.methodNotAllowed(method);
}

/** A page of somebody else's sends forms and texts unasked, and no JSON. */
function refuseForms({ headers }: IncomingMessage): Answer | null {
  const contentType = headers['content-type'] ?? '';
  return /^application\/json\s*(;|$)/i.test(contentType) ? null : answers.unsupportedContentType(contentType);
}
