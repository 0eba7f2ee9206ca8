/** An issuer of tokens with a real JWKS address. */
import { createServer } from 'node:http';
import { exportJWK, generateKeyPair, SignJWT, type CryptoKey, type JWTPayload } from 'jose';
import { listen, stopListening } from '../support/listen.js';

export interface Issuer {
  readonly environment: Readonly<Record<string, string>>;
  /** How often the keys were fetched. */
  readonly fetches: () => number;
  sign(
    payload: JWTPayload,
    header?: { kid?: string; alg?: string; typ?: string },
    key?: CryptoKey | Uint8Array,
  ): Promise<string>;
  /** Hangs up, answers with an error or with JSON that holds no keys, or answers again. */
  setSilent(how: boolean | 503 | 'no keys'): void;
  close(): Promise<void>;
}

export const ISSUER = 'https://issuer.example';
export const AUDIENCE = 'messages';

export async function startIssuer(): Promise<Issuer> {
  const { privateKey, publicKey } = await generateKeyPair('RS256');
  const jwk = { ...(await exportJWK(publicKey)), kid: 'key-1', alg: 'RS256', use: 'sig' };
  let fetches = 0;
  let isSilent: boolean | 503 | 'no keys' = false;
  const server = createServer((_request, response) => {
    fetches++;
    if (isSilent === 503) response.writeHead(503).end();
    else if (isSilent === 'no keys') response.setHeader('content-type', 'application/json').end('{"keys":"none"}');
    else if (isSilent) response.destroy();
    else response.setHeader('content-type', 'application/json').end(JSON.stringify({ keys: [jwk] }));
  });
  const port = await listen(server);
  return {
    environment: {
      JWT_ISSUER: ISSUER,
      JWT_AUDIENCE: AUDIENCE,
      JWT_JWKS_URL: `http://127.0.0.1:${port}/jwks.json`,
    },
    fetches: () => fetches,
    sign: (payload, header = {}, key = privateKey) =>
      new SignJWT({ iss: ISSUER, aud: AUDIENCE, exp: Math.floor(Date.now() / 1000) + 60, ...payload })
        .setProtectedHeader({ alg: 'RS256', kid: 'key-1', ...header })
        .sign(key),
    setSilent: (silent) => {
      isSilent = silent;
    },
    close: () => stopListening(server),
  };
}
