/** Who may use the sandbox: Basic authentication, and the tokens that it grants. */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import * as answers from './answers.js';
import type { Answer } from './answers.js';

/** Short enough to see a renewal in a demo. */
const DEFAULT_TOKEN_LIFE_S = 60;

export interface AccessOptions {
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

export class SandboxAccess {
  readonly #basic: string | null;
  readonly #client: string;
  readonly #lifeS: number;
  /** When each token ends, in milliseconds since 1970. */
  readonly #tokens = new Map<string, number>();

  constructor({ token, secret, clientId, clientSecret, auth, tokenLifeS = DEFAULT_TOKEN_LIFE_S }: AccessOptions) {
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
    for (const [token, endsAtMs] of this.#tokens) if (endsAtMs <= now) this.#tokens.delete(token);
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

/** Compares digests, so that the time does not show length or content. */
function isSame(given: string, expected: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(given), digest(expected));
}
