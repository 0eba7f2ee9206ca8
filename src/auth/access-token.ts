/**
 * Whether a token that its issuer signed is an access token. Tokens of sign-in, refresh and logout go to places that need
 * not keep them secret, or say nothing of what their holder may do.
 *
 * Sources: RFC 9068 sections 2.1 and 4 (`at+jwt`), RFC 8725 section 3.11 (explicit types), OpenID Connect Core 2 and
 * 3.1.3.6 (`nonce`, `at_hash`, `c_hash`), Back-Channel Logout 2.4 (`logout+jwt`, `events`), and what issuers send: Auth0,
 * Entra ID and Cognito write `JWT` or nothing into the header of either kind, Cognito tells them apart by `token_use`,
 * Keycloak by a claim `typ` (`Bearer`, `ID`, `Refresh`, `Offline`, `Logout`).
 */
import type { JWTHeaderParameters, JWTPayload } from 'jose';

/** The types that the header of an access token may name; many name none. */
const HEADER_TYPES: ReadonlySet<unknown> = new Set([undefined, 'jwt', 'at+jwt']);
/** What the claim `typ` of an access token may say; few issuers have it. */
const CLAIM_TYPES: ReadonlySet<unknown> = new Set([undefined, 'bearer', 'jwt', 'at+jwt']);
/** Claims that no access token has: they bind a sign-in to a code or a token, or report an event. */
const FOREIGN_CLAIMS = ['at_hash', 'c_hash', 's_hash', 'events'];

export function isAccessToken(header: JWTHeaderParameters, claims: JWTPayload): boolean {
  const { token_use: use } = claims;
  const [headerType, claimType] = [lowerCase(header.typ, /^application\//), lowerCase(claims.typ)];
  if (!HEADER_TYPES.has(headerType) || !CLAIM_TYPES.has(claimType)) return false;
  if (use !== undefined && use !== 'access') return false;
  if (FOREIGN_CLAIMS.some((name) => Object.hasOwn(claims, name))) return false;
  // Keycloak before version 25 copies the nonce into access tokens as well, but marks them as access tokens.
  const isMarked = headerType === 'at+jwt' || claimType === 'bearer' || use === 'access';
  return isMarked || !Object.hasOwn(claims, 'nonce');
}

/** Types are media types: their case does not count, and `application/` may be left out (RFC 7515 section 4.1.9). */
function lowerCase(type: unknown, prefix = /^/): unknown {
  return typeof type === 'string' ? type.toLowerCase().replace(prefix, '') : type;
}
