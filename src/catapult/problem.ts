/** Why upstream could not be used, in words for the operator. They hold no credential and nothing that upstream wrote. */
import type { Exchange } from './exchange.js';

/** By the failure's code. */
const FAILURES: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused',
  ECONNRESET: 'connection reset',
  EHOSTUNREACH: 'no route to the host',
  ENETUNREACH: 'no route to the network',
  ENOTFOUND: 'no such host',
  EAI_AGAIN: 'name server does not answer',
  ETIMEDOUT: 'connection timed out',
  UND_ERR_CONNECT_TIMEOUT: 'connection timed out',
  UND_ERR_SOCKET: 'connection lost',
  UND_ERR_ABORTED: 'the proxy refused the connection',
  UND_ERR_HEADERS_TIMEOUT: 'the proxy does not answer',
  UND_ERR_PRX_TLS: 'certificate of the proxy names another host',
  TimeoutError: 'no answer in time',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'certificate not trusted: set NODE_EXTRA_CA_CERTS',
  UNABLE_TO_GET_ISSUER_CERT: 'certificate not trusted: set NODE_EXTRA_CA_CERTS',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'certificate not trusted: set NODE_EXTRA_CA_CERTS',
  SELF_SIGNED_CERT_IN_CHAIN: 'certificate not trusted: set NODE_EXTRA_CA_CERTS',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'certificate not trusted: set NODE_EXTRA_CA_CERTS',
  CERT_HAS_EXPIRED: 'certificate expired',
  CERT_NOT_YET_VALID: 'certificate not valid yet',
  ERR_TLS_CERT_ALTNAME_INVALID: 'certificate names another host',
  EPROTO: 'no TLS at this address',
};

/** Why no answer could be read; null when one was. */
export function failureOf({ failure }: Exchange): string | null {
  if (failure === null) return null;
  if (failure.startsWith('ERR_SSL_')) return 'no TLS at this address';
  if (failure.startsWith('HPE_') || failure === 'HTTPParserError') return 'does not speak HTTP';
  return FAILURES[failure] ?? `failed: ${failure}`;
}

/** Whether a body is a page for people. */
export function isHtml(body: Buffer | null): boolean {
  return /^\s*<(!doctype\s+html|html|head|body)\b/i.test(body?.toString('utf8', 0, 256) ?? '');
}
